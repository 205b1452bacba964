import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestRender } from "../dev/emulator/harness.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

let render: TestRender;
beforeAll(async () => {
  render = await TestRender.start();
});
afterAll(() => render.stop());

async function wiring(args: string[], change: Record<string, string | undefined> = {}) {
  const { apiKey, host, ownerId, backendServiceId } = render.render;
  const env = {
    RENDER_API_KEY: apiKey,
    RENDER_HOST: host,
    RENDER_OWNER_ID: ownerId,
    TF_VAR_backend_service_id: backendServiceId,
    ...change,
  };
  const options = { cwd: REPOSITORY, env, all: true, reject: false } as const;
  const { exitCode, all } = await execa(process.execPath, ["--import", "tsx", "wiring/main.ts", ...args], options);
  expect(all).not.toContain(apiKey);
  return { exitCode, all };
}

test.each<[string, string[], Record<string, string | undefined>, number, RegExp]>([
  ["nothing stands in the way", ["preflight", "local"], {}, 0, /a deploy can begin/],
  ["no such environment", ["preflight", "locl"], {}, 2, /Did you mean "local"/],
  ["no such command", ["rollout"], {}, 2, /unknown command/],
  ["no key", ["preflight", "local"], { RENDER_API_KEY: undefined }, 2, /RENDER_API_KEY` is not set/],
  ["no workspace", ["preflight", "local"], { RENDER_OWNER_ID: undefined }, 2, /RENDER_OWNER_ID` is not set/],
  ["no backend", ["preflight", "local"], { TF_VAR_backend_service_id: "" }, 2, /TF_VAR_backend_service_id/],
  ["a wrong key", ["preflight", "local"], { RENDER_API_KEY: "rnd_wrong" }, 1, /401.*RENDER_API_KEY/],
  [
    "another workspace",
    ["preflight", "local"],
    { RENDER_OWNER_ID: "tea-other" },
    1,
    /refused: \d reasons?; nothing was changed/,
  ],
  ["Render cannot be asked", ["preflight", "local"], { RENDER_HOST: "http://127.0.0.1:9/v1" }, 3, /RENDER_HOST/],
  ["not called by Terraform", ["roll-out"], {}, 2, /`BACKEND_EXPECTED` is not set/],
])("%s", async (_what, args, change, exitCode, message) => {
  const result = await wiring(args, change);
  expect(result.all).toMatch(message);
  expect(result.exitCode).toBe(exitCode);
});
