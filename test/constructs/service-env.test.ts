import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import { expect, test } from "vitest";
import { RedisInstance } from "../../constructs/redis-instance.ts";
import { ServiceEnv } from "../../constructs/service-env.ts";
import { serviceIdFromShell } from "../../constructs/service-id.ts";
import { addresses, synthesize } from "./synthesize.ts";

function wire(env: Record<string, string>) {
  return synthesize((stack) => {
    const redis = new RedisInstance(stack, "redis", { name: "queues", region: "oregon", plan: "standard" });
    const proof = new NullResource(stack, "proof");
    const serviceId = serviceIdFromShell(stack, "backend");
    const uses = { REDIS_URL: { redis, as: "url" } } as const;
    new ServiceEnv(stack, "backend", { groupName: "queues-env", serviceId, uses, env, after: [proof] });
  });
}

test("the group holds the URL and the other variables, and waits for the proof", () => {
  expect(wire({ ENABLE_QUEUES: "true" }).resource.render_env_group?.backend).toMatchObject({
    name: "queues-env",
    env_vars: {
      ENABLE_QUEUES: { value: "true" },
      REDIS_URL: { value: `redis://\${render_keyvalue.redis.id}:6379` },
    },
    depends_on: ["null_resource.proof"],
  });
});

test("the link waits for the group", () => {
  const terraform = wire({});
  expect(terraform.resource.render_env_group_link?.backend).toMatchObject({
    env_group_id: `\${render_env_group.backend.id}`,
    service_ids: [`\${var.backend_service_id}`],
  });
  expect(addresses(terraform)).toContain("render_env_group_link.backend");
});

test("a REDIS_URL of one's own is refused", () => {
  expect(() => wire({ REDIS_URL: "redis://elsewhere" })).toThrow("`backend.env` must not hold REDIS_URL");
});

test("the service's id is a variable that is never asked for at a prompt", () => {
  expect(wire({}).variable.backend_service_id).toMatchObject({
    default: "",
    nullable: false,
    validation: [{ error_message: expect.stringContaining("TF_VAR_backend_service_id") }],
  });
});
