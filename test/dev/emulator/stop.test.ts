import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { at, TestRender } from "./harness.ts";

/** What a local Render has on the disk, with the sizes. */
function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true })
    .map((name) => `${name} ${statSync(join(directory, String(name))).size}`)
    .sort();
}

test.each<[string, (render: TestRender) => Promise<unknown>]>([
  ["a service comes up", async () => {}],
  [
    "a service is started again",
    (render) => render.call("POST", `/services/${render.render.backendServiceId}/restart`),
  ],
  [
    "an instance that was deleted comes up",
    async (render) => {
      const { body } = await render.call("POST", "/key-value", render.newInstance());
      // Longer than an instance waits before its server starts.
      await delay(25);
      await render.call("DELETE", `/key-value/${at(body, "id")}`);
    },
  ],
])("stopped while %s, nothing of it is at work any more", async (_, begin) => {
  const render = await TestRender.start();
  await begin(render);
  await render.render.stop();
  const { directory } = render.render;
  expect(readdirSync(join(directory, "processes"))).toEqual([]);
  const left = files(directory);
  await delay(1_000);
  expect(files(directory)).toEqual(left);
  await render.stop();
});
