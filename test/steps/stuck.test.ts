import { expect, onTestFinished, test, vi } from "vitest";
import { RenderClient } from "../../render/api/client.ts";
import { runChild } from "../../runtime/child-process.ts";
import { rollOut } from "../../steps/roll-out.ts";
import { startTestApi } from "../checks/support/render-api.ts";

test("deploy, drain, health path and API are held to their limits, also while garbage is collected", async () => {
  const { stdout } = await runChild(process.execPath, ["--expose-gc", "--import", "tsx", "test/steps/stuck.ts"]);
  const ends = stdout.split("\n");
  expect(ends).toHaveLength(4);
  expect(ends.join("\n")).toMatch(/deploy dep-1 of api is still (created|update_in_progress)/);
  expect(ends.join("\n")).toMatch(/job job-1 is still running. \S+ is kept/);
  expect(ends.join("\n")).toMatch(/"well":false,"outcome":"no answer"/);
  expect(ends.join("\n")).toMatch(/GET \S+ failed: no answer/);
});

test("a deploy that Render accepts, and that never comes, is not known to have begun", async () => {
  let passed = 0;
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + passed * 1_000);
  onTestFinished(() => void vi.restoreAllMocks());
  const { host, stop } = await startTestApi({
    answer({ method, url = "" }, response) {
      if (method === "POST") response.writeHead(202).end();
      else if (url.includes("/deploys")) response.end("[]");
      else return false;
      passed += 10;
      return true;
    },
    instance: { type: "web_service", ownerId: "tea-1", suspended: "not_suspended", serviceDetails: {} },
  });
  onTestFinished(stop);
  const client = new RenderClient({ apiKey: "k", host });
  const rolling = rollOut({ client, serviceId: "srv-1", signal: new AbortController().signal, say: () => {} });
  await expect(rolling).rejects.toMatchObject({ outcome: "unknown", message: expect.stringContaining("not list it") });
});
