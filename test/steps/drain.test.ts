import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { RenderClient } from "../../render/api/client.ts";
import { drain, handOver } from "../../steps/drain.ts";
import { TestRender } from "../dev/emulator/harness.ts";

const PATIENCE_MS = 20_000;

let render: TestRender;
let client: RenderClient;
let lines: string[];

beforeAll(async () => {
  render = await TestRender.start();
  client = new RenderClient({ apiKey: render.render.apiKey, host: render.render.host });
});
afterAll(() => render.stop());
beforeEach(() => {
  lines = [];
});

function options(instanceId: string, command: string, patienceMs = PATIENCE_MS) {
  const say = (line: string) => void lines.push(line);
  const serviceId = render.render.backendServiceId;
  return { client, serviceId, instanceId, command, signal: AbortSignal.timeout(patienceMs), say };
}

describe("drain", () => {
  test("runs the service's command inside, with the instance's internal URL", async () => {
    const id = await render.instance();
    const command = `sh -c 'test "$REDIS_URL" = redis://${id}:6379'`;
    await drain(options(id, command));
    expect(lines[0]).toBe(`draining ${id}: running "${command}" as a one-off job`);
    expect(lines.slice(1, -1).join("\n")).toMatch(/^job job-\S+ is (pending|running|succeeded)(\njob \S+ is \w+)*$/);
    expect(lines.at(-1)).toBe(`${id} is drained: no jobs left`);
  });

  test("that fails shows the job's last lines, and keeps the instance", async () => {
    const id = await render.instance();
    const command = "sh -c 'for i in 1 2 3 4 5 6; do echo line $i; done; exit 1'";
    const failed = drain(options(id, command));
    const lines = [2, 3, 4, 5, 6].map((line) => `  line ${line}\n`).join("");
    await expect(failed).rejects.toThrow(/^The job job-\S+ that drains red-\S+ failed:\n/);
    await expect(failed).rejects.toThrow(
      `${id} failed:\n${lines}${id} is kept, because what waits in it would be lost. Put it right and run the same command ` +
        `again, or drain ${id} by hand: "${command}" in the service's shell. To lose it: remove backend.drainCommand from `,
    );
  });

  test("that takes too long keeps the instance", async () => {
    const id = await render.instance();
    await expect(drain(options(id, "sleep 60", 1_500))).rejects.toThrow(
      /^The job job-\S+ is still (pending|running)\. red-\S+ is kept\. Run the same command again\.$/,
    );
  });

  test("is refused when the instance asks for a password inside: a job's command is shown to others", async () => {
    const id = await render.instance();
    await render.control.act("internal-authentication", id, "on");
    await render.untilStatus(id, "available");
    await expect(drain(options(id, "true"))).rejects.toThrow(
      `${id} asks for a password inside, so it cannot be drained from here. Put it right and run the same command again, ` +
        `or drain ${id} by hand: "true" in the service's shell with its internal URL.`,
    );
    expect(lines).toEqual([]);
  });

  test("without the service keeps the instance", async () => {
    const id = await render.instance();
    const given = { ...options(id, "true"), serviceId: "srv-00000000000000000000" };
    await expect(drain(given)).rejects.toThrow(
      /failed: 404.* is kept, because what waits in it would be lost\. To lose it: /,
    );
  });
});

describe("hand-over", () => {
  test("drains older instances of the same name, unless a group points to them", async () => {
    const [used, unused, other] = [
      await render.instance({ name: "replaced" }),
      await render.instance({ name: "replaced" }),
      await render.instance({ name: "another" }),
    ];
    const envVars = [{ key: "REDIS_URL", value: `redis://${used}:6379` }];
    const { ownerId } = render.render;
    await client.call(RENDER_API.createEnvGroup, {}, { name: "in-use", ownerId, envVars, secretFiles: [] });
    const id = await render.instance({ name: "replaced" });
    await handOver(options(id, "true"));
    expect(lines).toContain(`${used} has the same name and is in use: it is not drained`);
    expect(lines).toContain(`${unused} is drained: no jobs left`);
    expect(lines.join("\n")).not.toContain(other);
    expect(lines.join("\n")).not.toContain(`${id} is drained`);
  });

  test("says that there is nothing to drain, also when a newer one has the name", async () => {
    const id = await render.instance({ name: "first" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await render.instance({ name: "first" });
    await handOver(options(id, "true"));
    expect(lines).toEqual(["no previous instance to drain"]);
  });
});
