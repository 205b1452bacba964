import { expect, test } from "vitest";
import { z } from "zod";
import { PostApplyCheck } from "../../constructs/post-apply-check.ts";
import { RedisInstance, type RedisInstanceProps } from "../../constructs/redis-instance.ts";
import { expectedInstanceSchema } from "../../render/instance.ts";
import { synthesize } from "./synthesize.ts";

const checkSchema = z.looseObject({
  triggers: z.record(z.string(), z.string()),
  provisioner: z.tuple([
    z.object({
      "local-exec": z.object({
        command: z.string(),
        working_dir: z.string(),
        environment: z.record(z.string(), z.string()),
      }),
    }),
  ]),
});

function check(
  props: Partial<RedisInstanceProps> = {},
  deadlineSeconds = 300,
  acceptUnknown = false,
  backendServiceId = "srv-1",
) {
  const terraform = synthesize((stack) => {
    const base = { name: "queues", region: "oregon", plan: "standard" } as const;
    const redis = new RedisInstance(stack, "redis", { ...base, ...props });
    new PostApplyCheck(stack, "checks", {
      environment: "test",
      redis,
      deadlineSeconds,
      acceptUnknown,
      backendServiceId,
      repository: "../../..",
    });
  });
  return checkSchema.parse(terraform.resource.null_resource?.checks);
}

test("the provisioner gets the id and what is expected, and no secret", () => {
  const provisioner = check().provisioner[0]["local-exec"];
  expect(provisioner.command).toBe("node checks/start.cjs --post-apply");
  expect(provisioner.working_dir).toBe(`\${path.root}/../../..`);
  expect(Object.keys(provisioner.environment).sort()).toEqual(["REDIS_CHECKS", "REDIS_EXPECTED", "REDIS_INSTANCE_ID"]);
  expect(provisioner.environment.REDIS_INSTANCE_ID).toBe(`\${render_keyvalue.redis.id}`);
  expect(expectedInstanceSchema.parse(JSON.parse(provisioner.environment.REDIS_EXPECTED ?? ""))).toEqual({
    environment: "test",
    name: "queues",
    region: "oregon",
    plan: "standard",
    evictionPolicy: "noeviction",
    persistence: "journal_snapshot",
    ipAllowList: [],
    internalAuthentication: false,
  });
  expect(JSON.stringify(provisioner)).not.toContain("connection_info");
});

test.each<[string, Partial<RedisInstanceProps>, number, boolean]>([
  ["name", { name: "other" }, 300, false],
  ["region", { region: "ohio" }, 300, false],
  ["plan", { plan: "pro" }, 300, false],
  ["policy", { evictionPolicy: "allkeys_lru" }, 300, false],
  ["persistence", { persistence: "snapshot" }, 300, false],
  ["allow list", { ipAllowList: [{ cidrBlock: "192.0.2.0/24", description: "office" }] }, 300, false],
  ["internal authentication", { internalAuthentication: true }, 300, false],
  ["deadline", {}, 60, false],
  ["accepting unknown", {}, 300, true],
])("it runs again when the %s changes", (_what, props, deadlineSeconds, acceptUnknown) => {
  expect(check(props, deadlineSeconds, acceptUnknown).triggers).not.toEqual(check().triggers);
});

test("it knows the backend that can look from inside, and does not run again for another one", () => {
  const environment = check({}, 300, false, "srv-2").provisioner[0]["local-exec"].environment;
  expect(JSON.parse(environment.REDIS_CHECKS ?? "")).toMatchObject({ backendServiceId: "srv-2" });
  expect(check({}, 300, false, "srv-2").triggers).toEqual(check().triggers);
});

test.each<[string, Partial<RedisInstanceProps>]>([
  ["deletion protection", { deletionProtection: false }],
  ["the spelling of the plan", { plan: "1g" }],
  ["memory that the plan has anyway", { memory: "1 GB" }],
])("it does not run again for %s", (_what, props) => {
  expect(check(props).triggers).toEqual(check().triggers);
});

test("template syntax in what is expected reaches the checks literally", () => {
  const { environment } = check({ name: `a\${b}"c` }).provisioner[0]["local-exec"];
  expect(environment.REDIS_EXPECTED).toContain(String.raw`a$\${b}\"c`.replace("\\$", "$"));
});
