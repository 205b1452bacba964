import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../../dev/emulator/emulator.ts";
import { type RunningProvider, startProvider } from "../../../dev/terraform-provider/server.ts";
import { RenderClient } from "../../../render/api/client.ts";
import { API } from "../../../render/api/endpoints.ts";
import { type Config, interpolate, REDIS, Terraform } from "./workspace.ts";

let directory: string;
let render: Emulator;
let provider: RunningProvider;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "lr-"));
  render = await startEmulator({ directory: join(directory, "render"), creationDelayMs: 50, rateLimits: "off" });
  provider = await startProvider(render);
});
afterAll(async () => {
  await provider.stop();
  await render.stop();
  await rm(directory, { recursive: true, force: true });
});

function stack(settings: Config): Config {
  const id = interpolate("render_keyvalue.redis.id");
  return {
    resource: {
      render_keyvalue: {
        redis: {
          ...REDIS,
          ...settings,
          lifecycle: {
            postcondition: [
              {
                condition: interpolate(
                  `self.connection_info.internal_connection_string == "redis://${interpolate("self.id")}:6379"`,
                ),
                error_message: "The internal URL is not the one expected.",
              },
            ],
          },
        },
      },
      null_resource: {
        check: { triggers: { id }, provisioner: { "local-exec": { command: `echo "checked ${id}"` } } },
      },
      render_env_group: {
        backend: {
          name: "backend",
          env_vars: { REDIS_URL: { value: `redis://${id}:6379` }, TOKEN: { generate_value: true } },
          secret_files: { "ca.pem": { content: "a certificate" } },
          depends_on: ["null_resource.check"],
        },
      },
      render_env_group_link: {
        backend: {
          env_group_id: interpolate("render_env_group.backend.id"),
          service_ids: [render.backendServiceId],
        },
      },
    },
  };
}

test("the local Render and the provider agree from the first apply to the last", async () => {
  const terraform = await Terraform.in(join(directory, "tf"), provider);
  const client = new RenderClient(render);
  await terraform.write(stack({ plan: "starter" }));
  const created = await terraform.apply();
  expect(created.output).toContain("4 added, 0 changed, 0 destroyed");
  expect(created.output).toMatch(/\(local-exec\): checked red-\w+/);
  expect((await terraform.plan()).exitCode).toBe(0);
  const id = String((await terraform.state("render_keyvalue"))?.id);
  expect(await client.call(API.getKeyValue, { id })).toMatchObject({
    plan: "starter",
    region: "oregon",
    ipAllowList: [],
  });

  const ip_allow_list = [{ cidr_block: "127.0.0.1/32", description: "this machine" }];
  await terraform.write(stack({ plan: "standard", ip_allow_list, log_stream_override: { setting: "drop" } }));
  expect((await terraform.apply()).output).toContain("0 added, 1 changed, 0 destroyed");
  expect((await terraform.plan()).exitCode).toBe(0);
  expect((await terraform.state("render_keyvalue"))?.id).toBe(id);

  await terraform.write(stack({ plan: "starter", ip_allow_list }));
  const refused = await terraform.apply();
  expect(refused.exitCode).toBe(1);
  expect(refused.output).toContain(`PATCH /key-value/${id} failed: 4`);

  await terraform.write(stack({ plan: "standard", region: "ohio" }));
  expect((await terraform.apply()).output).toContain("2 added, 1 changed, 2 destroyed");
  expect((await terraform.plan()).exitCode).toBe(0);

  const destroyed = await terraform.apply("-destroy");
  expect(destroyed.output).toContain("4 destroyed");
  await expect(client.call(API.getKeyValue, { id })).rejects.toThrow("404");
});
