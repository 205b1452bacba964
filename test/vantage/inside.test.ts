import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { type Emulator, startEmulator } from "../../dev/emulator/emulator.ts";
import { RenderClient } from "../../render/api/client.ts";
import { API, type KeyValue } from "../../render/api/endpoints.ts";
import { EXPECTED } from "../checks/support/render-api.ts";
import { PROGRAM } from "../program.ts";

const run = promisify(execFile);

let directory: string;
let render: Emulator;
let client: RenderClient;
let instance: KeyValue;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "checks-render-"));
  render = await startEmulator({ directory, creationDelayMs: 200, rateLimits: "off" });
  client = new RenderClient({ apiKey: render.apiKey, host: render.host });
  instance = await client.call(
    RENDER_API.createKeyValue,
    {},
    {
      ownerId: render.ownerId,
      name: EXPECTED.name,
      region: EXPECTED.region,
      plan: EXPECTED.plan,
      maxmemoryPolicy: EXPECTED.evictionPolicy,
      persistenceMode: EXPECTED.persistence,
      // Nobody may come from outside: the only way is inside.
      ipAllowList: [],
    },
  );
});

afterAll(async () => {
  await render.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** The checks as Terraform runs them, against the local Render. */
async function verify(args: readonly string[], backendServiceId: string | undefined = render.backendServiceId) {
  const child = run(process.execPath, [PROGRAM, "step", "checks", ...args], {
    env: {
      PATH: process.env.PATH,
      RENDER_HOST: render.host,
      RENDER_API_KEY: render.apiKey,
      REDIS_INSTANCE_ID: instance.id,
      REDIS_EXPECTED: JSON.stringify({ ...EXPECTED, ipAllowList: [] }),
      TERRAFORM_DIRECTORY: "no/such/directory",
      REDIS_CHECKS: JSON.stringify({ deadlineSeconds: 30, acceptUnknown: false }),
      SERVICE_IDS: JSON.stringify([backendServiceId].filter(Boolean)),
    },
  });
  return child.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
  );
}

describe("an instance that nobody may reach from outside", () => {
  test("is waited for and proved from inside, by trial too", async () => {
    const { code, stdout } = await verify(["--prove"]);
    expect(stdout).toContain("seen from inside");
    expect(stdout).toContain("not external: the allow list is empty");
    expect(stdout).toMatch(/✔ ping +PONG, \d+\.\d ms \((good|workable)/);
    expect(stdout).toMatch(/✔ eviction-proof +writes refused \(OOM\), 0 evicted/);
    expect(stdout).toMatch(/✔ queue .*the commands of Bull and BullMQ/);
    expect(stdout).toMatch(/good: 18 passed, \d+ skipped/);
    expect(code).toBe(0);
    const { externalConnectionString } = await client.call(API.getConnectionInfo, { id: instance.id });
    expect(stdout).not.toContain(new URL(externalConnectionString).password);
  });

  test("is proved from inside, too, where an image's commands get no shell", async () => {
    const change = (runtime: string) =>
      client.call(RENDER_API.updateService, { id: render.backendServiceId }, { serviceDetails: { runtime } });
    await change("image");
    expect(await verify([])).toMatchObject({ code: 0, stdout: expect.stringContaining("seen from inside") });
    await change("node");
  });

  test("is not proved without a backend to run a job on, which is not good enough", async () => {
    const { code, stdout } = await verify([], "");
    expect(stdout).toMatch(/not established: \d+ unknown/);
    expect(stdout).toContain("TF_VAR_backend_service_id");
    expect(code).toBe(3);
  });

  test("is not proved without one, which may be accepted", async () => {
    expect((await verify(["--accept-unknown"], "")).code).toBe(0);
  });

  test("a backend that does not exist", async () => {
    const { code, stdout } = await verify([], "srv-00000000000000000000");
    expect(stdout).toMatch(/no job inside: POST .* failed: 404/);
    expect(code).toBe(3);
  });
});
