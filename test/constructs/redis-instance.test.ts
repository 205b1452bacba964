import { TerraformOutput, TerraformVariable } from "cdktf";
import { expect, test } from "vitest";
import { RedisInstance, type RedisInstanceProps } from "../../constructs/redis-instance.ts";
import { addresses, synthesize } from "./synthesize.ts";

const REDIS: RedisInstanceProps = { name: "queues", region: "oregon", plan: "standard" };

function instance(props: object) {
  const terraform = synthesize((stack) => {
    new RedisInstance(stack, "redis", Object.assign({}, REDIS, props));
  });
  return terraform.resource.render_keyvalue?.redis ?? {};
}

test("an instance in three lines is complete: plan, policy, persistence and allow list are written out", () => {
  expect(instance({})).toMatchObject({
    name: "queues",
    region: "oregon",
    plan: "standard",
    max_memory_policy: "noeviction",
    persistence_mode: "journal_snapshot",
    ip_allow_list: [],
    lifecycle: { prevent_destroy: true },
  });
});

test.each<[Partial<RedisInstanceProps>, object]>([
  [{ plan: "1g" }, { plan: "standard" }],
  [{ plan: undefined, memory: "1 GB" }, { plan: "standard" }],
  [{ plan: undefined, memory: "300 MB" }, { plan: "standard" }],
  [{ plan: "standard", memory: "1GB" }, { plan: "standard" }],
  [{ plan: "CustomForUs" }, { plan: "CustomForUs", persistence_mode: "journal_snapshot" }],
  [{ plan: "free" }, { plan: "free", persistence_mode: "off" }],
  [{ evictionPolicy: "noevict" }, { max_memory_policy: "noeviction" }],
  [{ evictionPolicy: "allkeys-lru" }, { max_memory_policy: "allkeys_lru" }],
  [{ persistence: "snapshot" }, { persistence_mode: "snapshot" }],
  [{ environmentId: "evm-d00000000000000000a0" }, { environment_id: "evm-d00000000000000000a0" }],
])("%o gives %o", (props, expected) => {
  expect(instance(props)).toMatchObject(expected);
});

/** Typed loosely, since the types would already refuse most of it. */
test.each<[object, string]>([
  [
    { plan: "standrad" },
    '`redis.plan` must be one of free, starter, standard, 3g, pro, pro_plus, 20g, 40g, 50g, Custom…, got: "standrad". Did you mean "standard"? (in test/redis)',
  ],
  [
    { plan: undefined },
    "`redis.plan` must be one of free, starter, standard, 3g, pro, pro_plus, 20g, 40g, 50g, got: nothing.",
  ],
  [
    { plan: "starter", memory: "1 GB" },
    "`redis.plan` must agree with the memory: starter (256 MB, 250 connections, $10 a month) has no 1 GB",
  ],
  [{ plan: undefined, memory: "11 GB" }, "`redis.memory` must be at most 10 GB without a custom plan"],
  [{ plan: "standard", memory: "1024 GB" }, "`redis.memory` must be at most 10 GB without a custom plan"],
  [{ plan: undefined, memory: "lots" }, '`redis.memory` must be a size such as "256 MB" or "1 GB", got: "lots".'],
  [
    { region: "oregano" },
    '`redis.region` must be one of frankfurt, ohio, oregon, singapore, virginia, got: "oregano". Did you mean "oregon"?',
  ],
  [{ evictionPolicy: "allkeys-lr" }, 'Did you mean "allkeys_lru"?'],
  [
    { plan: "free", persistence: "snapshot" },
    '`redis.persistence` must be off on plan free, got: "snapshot". Only paid plans persist.',
  ],
  [{ name: " " }, '`redis.name` must be a name of 1 to 100 characters, got: " ".'],
  [{ environmentId: "prod" }, '`redis.environmentId` must be an environment\'s id such as "evm-…", got: "prod".'],
  [{ evictonPolicy: "noevict" }, '`redis.evictonPolicy` is not a field. Did you mean "evictionPolicy"?'],
])("%o is refused with the property, the rule and the value", (props, message) => {
  expect(() => instance(props)).toThrow(message);
});

test("every mistake is told at once", () => {
  const props = { plan: "standrad", region: "oregano" };
  expect(() => instance(props)).toThrow(/`redis\.region`.*`redis\.plan`.*\(in test\/redis\)/);
});

test("what only Terraform knows passes, and is judged there", () => {
  const terraform = synthesize((stack) => {
    const given = (name: string) => new TerraformVariable(stack, name, { type: "string" }).stringValue;
    const tokens: object = {
      name: `queues-${given("suffix")}`,
      region: given("region"),
      evictionPolicy: given("policy"),
      persistence: given("mode"),
      environmentId: given("environment"),
      ipAllowList: [{ cidrBlock: given("cidr"), description: "us" }],
    };
    new RedisInstance(stack, "redis", Object.assign({}, REDIS, tokens));
  });
  expect(terraform.resource.render_keyvalue?.redis).toMatchObject({
    name: `queues-\${var.suffix}`,
    region: `\${var.region}`,
    max_memory_policy: `\${var.policy}`,
    persistence_mode: `\${var.mode}`,
    environment_id: `\${var.environment}`,
    ip_allow_list: [{ cidr_block: `\${var.cidr}`, description: "us" }],
  });
});

test("without deletion protection Terraform may destroy the instance", () => {
  expect(instance({ deletionProtection: false }).lifecycle).not.toHaveProperty("prevent_destroy");
});

/** What a reference of an instance becomes in Terraform. */
function reference(props: Partial<RedisInstanceProps>, read: (redis: RedisInstance) => string): unknown {
  const terraform = synthesize((stack) => {
    const redis = new RedisInstance(stack, "redis", { ...REDIS, ...props });
    new TerraformOutput(stack, "read", { value: read(redis) });
  });
  return terraform.output.read?.value;
}

const BUILT_URL = `redis://\${render_keyvalue.redis.id}:6379`;

test("the internal URL is built from the id, and a postcondition holds it against Render's", () => {
  expect(reference({}, (redis) => redis.internalUrl)).toBe(BUILT_URL);
  expect(instance({}).lifecycle).toMatchObject({
    postcondition: [{ condition: `\${self.connection_info.internal_connection_string == "redis://\${self.id}:6379"}` }],
  });
});

test.each<[object, string]>([
  [{ as: "url" }, BUILT_URL],
  [{ as: "url", database: 1 }, `${BUILT_URL}/1`],
  [{ as: "host" }, `\${render_keyvalue.redis.id}`],
  [{ as: "port" }, "6379"],
])("a variable that is %j of it", (use, value) => {
  expect(reference({}, (redis) => redis.valueFor({ as: "url", ...use }))).toBe(value);
});

test("a password is taken from Render's URL, where there is one", () => {
  const url = "render_keyvalue.redis.connection_info.internal_connection_string";
  const password = (redis: RedisInstance) => redis.valueFor({ as: "password" });
  expect(reference({ internalAuthentication: true }, password)).toBe(
    `\${element(regex("^redis://[^:@]*:([^@]*)@", ${url}), 0)}`,
  );
});

test("an instance that exists is referred to by its id", () => {
  const existing = RedisInstance.fromId("red-1");
  expect([existing.internalUrl, existing.valueFor({ as: "url", database: 2 })]).toEqual([
    "redis://red-1:6379",
    "redis://red-1:6379/2",
  ]);
});

test("the external URL is Render's, with the password in it", () => {
  expect(reference({}, (redis) => redis.externalUrl)).toBe(
    `\${render_keyvalue.redis.connection_info.external_connection_string}`,
  );
});

test("with internal authentication the internal URL is Render's, and the postcondition expects a password", () => {
  const props = { internalAuthentication: true };
  expect(reference(props, (redis) => redis.internalUrl)).toBe(
    `\${render_keyvalue.redis.connection_info.internal_connection_string}`,
  );
  expect(instance(props).lifecycle).toMatchObject({ postcondition: [{ condition: expect.stringContaining("!=") }] });
});

test("template syntax in a name is literal text", () => {
  expect(instance({ name: `a\${b}%{c}$d` }).name).toBe(`a$\${b}%%{c}$d`);
});

test("the address follows the construct's own id, also when it is nested", () => {
  const terraform = synthesize((stack) => {
    const redis = new RedisInstance(stack, "redis", REDIS);
    expect(redis.address).toBe("render_keyvalue.redis");
    new RedisInstance(redis, "inner", REDIS);
  });
  expect(addresses(terraform)).toEqual([
    "render_keyvalue.redis",
    expect.stringMatching(/^render_keyvalue\.redis_inner_\w{8}$/),
  ]);
});
