import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EmulatorControl } from "../../../dev/emulator/control.ts";
import { TestRender } from "./harness.ts";

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start();
});
afterAll(() => render.stop());

test("finds the local Render that runs on a directory", async () => {
  const control = EmulatorControl.of(render.render.directory);
  expect(await control.setFaults({ latencyMs: 1 })).toMatchObject({ latencyMs: 1, stuckCreating: false });
  await control.clearFaults();
  expect(await control.faults()).toMatchObject({ latencyMs: 0 });
});

test("says what to do where none has run, and where none answers", async () => {
  expect(() => EmulatorControl.of(`${tmpdir()}/no-such-directory`)).toThrow('Start one with "npm run local"');
  const nobody = new EmulatorControl({ host: "http://127.0.0.1:9/v1", apiKey: "" });
  await expect(nobody.faults()).rejects.toThrow('No local Render answers. Start one with "npm run local".');
});

test("tells why the local Render refused", async () => {
  await expect(render.control.act("kill", "red-none")).rejects.toThrow("The local Render refused: not found: red-none");
  const id = await render.instance();
  await render.control.act("kill", id);
  await expect(render.control.act("fill", id)).rejects.toThrow(
    `${id} has no server that answers. Start or thaw it first.`,
  );
});
