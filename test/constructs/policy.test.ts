import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerraformVariable } from "cdktf";
import { afterAll, describe, expect, test } from "vitest";
import { exposure } from "../../checks/catalogue/reach.ts";
import { formatPolicy } from "../../cli/report/policy.ts";
import { policyRules } from "../../constructs/policy-rules.ts";
import { Keyvalue } from "../../constructs/render/keyvalue.ts";
import { defineEnvironment, type EnvironmentInput, type ShortEnvironment } from "../../environments/define.ts";
import { resolveEnvironments } from "../../environments/environments.ts";
import { ENVIRONMENTS } from "../../environments/list.ts";
import { readPlan } from "../../pipeline/review/plan/planned.ts";
import { terraformPlanSchema } from "../../pipeline/review/plan/terraform-plan.ts";
import { reviewPlan } from "../../pipeline/review/review.ts";
import { createApp } from "../../stacks/create-app.ts";
import { RedisStack } from "../../stacks/redis-stack.ts";
import { judge } from "../checks/support/judge.ts";

const outdir = mkdtempSync(join(tmpdir(), "policy-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

interface Change extends Partial<Omit<ShortEnvironment, "redis">> {
  readonly redis?: Partial<ShortEnvironment["redis"]>;
}

/** A production that keeps every rule, with a change. */
function production({ redis, ...rest }: Change): ShortEnvironment {
  return {
    name: "production",
    backend: { name: "backend", env: { ENABLE_QUEUES: "true" } },
    state: { type: "pg", schemaName: "production" },
    ...rest,
    redis: { name: "queues", region: "oregon", plan: "standard", ...redis },
  };
}

function stackOf(change: Change, edit?: (stack: RedisStack) => void) {
  const app = createApp([defineEnvironment(production(change))], join(outdir, "cdktf.out"));
  const stack = app.node.children.find((child) => child instanceof RedisStack);
  if (stack === undefined) throw new Error("The app has no stack.");
  edit?.(stack);
  return { app, policy: stack.policy };
}

const open = [{ cidrBlock: "0.0.0.0/0", description: "everybody" }];

test.each(["true", "false"])("what an instance is for says its role, not the service's ENABLE_QUEUES=%s", (text) => {
  const backend = { name: "backend", env: { ENABLE_QUEUES: text } };
  const errors = (role: "queue" | "cache") =>
    stackOf({ redis: { role, evictionPolicy: "allkeys-lru" }, backend })
      .policy.result()
      .errors.join();
  expect(errors("queue")).toContain("breaks the rule queues-never-evict");
  expect(errors("cache")).toBe("");
});

/** What breaks each rule, and the nearest that keeps it. */
const BOTH_WAYS: [id: string, breaking: Change, keeping: Change, said: string][] = [
  [
    "queues-never-evict",
    { redis: { evictionPolicy: "allkeys-lru" } },
    { redis: { role: "cache", evictionPolicy: "allkeys-lru" } },
    "render_keyvalue.redis has the eviction policy allkeys_lru",
  ],
  ["production-paid", { redis: { plan: "free" } }, { name: "preview", redis: { plan: "free" } }, "is on the plan free"],
  [
    "production-persists",
    { redis: { persistence: "off" } },
    { redis: { role: "cache", persistence: "off" } },
    "has persistence off",
  ],
  [
    "production-persists",
    { name: "live", production: true, redis: { persistence: "off" } },
    { production: false, redis: { persistence: "off" } },
    "has persistence off",
  ],
  [
    "production-protected",
    { redis: { deletionProtection: false } },
    { name: "staging", redis: { deletionProtection: false } },
    "is not protected",
  ],
  [
    "production-not-open",
    { name: "prod-eu", redis: { ipAllowList: [{ cidrBlock: "::/0", description: "everybody" }] } },
    { redis: { ipAllowList: [{ cidrBlock: "198.0.0.0/9", description: "a large provider" }] } },
    "allows ::/0",
  ],
  [
    "one-region",
    { backend: { name: "backend", region: "ohio" } },
    { backend: { name: "backend", region: "oregon" } },
    'is in oregon, and the service "backend" in ohio',
  ],
  [
    "production-remote-state",
    { state: { type: "local", path: ".state/production.tfstate" } },
    { name: "products", state: { type: "local", path: ".state/production.tfstate" } },
    "the state is a local file",
  ],
];

describe.each(BOTH_WAYS)("%s", (id, breaking, keeping, said) => {
  test("stops the synthesis where it is broken, and says what, why and what to do", () => {
    const { app } = stackOf(breaking);
    const rule = policyRules.find((candidate) => candidate.id === id);
    expect(() => app.synth()).toThrow(`breaks the rule ${id}: ${rule?.what} Here `);
    expect(() => app.synth()).toThrow(said);
    expect(() => app.synth()).toThrow(rule?.remedy);
  });

  test("says nothing where it is kept", () => {
    const { policy } = stackOf(keeping);
    expect(policy.result().errors.join("\n")).not.toContain(id);
  });

  test("an exception with a reason lets it pass, and is counted", () => {
    const exceptions = policyRules
      .filter((rule) =>
        stackOf(breaking)
          .policy.result()
          .errors.some((error) => error.includes(` ${rule.id}:`)),
      )
      .map((rule) => ({ rule: rule.id, reason: "Until the end of the month." }));
    const { app, policy } = stackOf({ ...breaking, exceptions });
    expect(() => app.synth()).not.toThrow();
    expect(policy.result().exceptions).toContainEqual({ rule: id, reason: "Until the end of the month." });
  });
});

test("plan-written-out holds for instances that no RedisInstance describes", () => {
  const { app } = stackOf({}, (stack) => {
    new Keyvalue(stack, "extra", { name: "extra", region: "oregon", maxMemoryPolicy: "noeviction" });
  });
  expect(() => app.synth()).toThrow("breaks the rule plan-written-out");
  expect(() => app.synth()).toThrow("render_keyvalue.extra names no plan");
});

test("production does not take what only the apply knows for a paid plan that persists", () => {
  const { app } = stackOf({}, (stack) => {
    const given = (name: string): object => ({
      [name]: new TerraformVariable(stack, `given_${name}`, { type: "string" }).stringValue,
    });
    const config = { name: "extra", region: "oregon", maxMemoryPolicy: "noeviction" } as const;
    new Keyvalue(stack, "extra", Object.assign({}, config, given("plan"), given("persistenceMode")));
  });
  expect(() => app.synth()).toThrow("render_keyvalue.extra has a plan that only the apply knows");
  expect(() => app.synth()).toThrow("render_keyvalue.extra has a persistence that only the apply knows");
});

test.each([
  [["0.0.0.0/1", "128.0.0.0/1"], true],
  [["::/1"], true],
  [["10.0.0.0/9", "11.0.0.0/9"], true],
  [["10.0.0.0/9", "192.0.2.0/24"], false],
])("%j is judged alike at synthesis, in the review and after the apply: open %s", async (blocks, isOpen) => {
  const ipAllowList = blocks.map((cidrBlock) => ({ cidrBlock, description: "x" }));
  const synthesize = () => stackOf({ redis: { ipAllowList } }).app.synth();
  if (isOpen) expect(synthesize).toThrow(blocks.join(" and "));
  else expect(synthesize).not.toThrow();

  const change = {
    actions: ["create"],
    before: null,
    after: { ip_allow_list: blocks.map((cidr_block) => ({ cidr_block })) },
  };
  const planned = [{ address: "render_keyvalue.redis", mode: "managed", type: "render_keyvalue", change }];
  const plan = readPlan(terraformPlanSchema.parse({ format_version: "1.2", resource_changes: planned }));
  const stack = { environment: "production", mode: "change", digest: "", paths: {}, errors: [], others: [] } as const;
  const review = reviewPlan(plan, { ...stack, policy: { warnings: [], exceptions: [] } });
  expect(review.findings.some(({ kind, acknowledge }) => kind === "exposure" && acknowledge)).toBe(isOpen);

  const situation = { expected: { environment: "production", ipAllowList }, instance: { ipAllowList } };
  const result = await judge(exposure, situation);
  expect(result.status).toBe(isOpen ? "fail" : "pass");
});

test("a warning does not stop the synthesis, and is told", () => {
  const { app, policy } = stackOf({ name: "staging", redis: { ipAllowList: open } });
  expect(() => app.synth()).not.toThrow();
  expect(policy.result().warnings).toMatchObject([{ rule: "not-open", message: expect.stringContaining("0.0.0.0/0") }]);
});

test("an instance that no service uses is a warning, where there are services", () => {
  const instance = { name: "cache", region: "oregon", plan: "starter" } as const;
  const redis = { queue: { ...instance, name: "queue" }, cache: instance };
  const services = { worker: { name: "worker", uses: { REDIS_URL: "queue" } } };
  const { backend: _, ...rest } = production({});
  const warned = (change: Pick<EnvironmentInput, "redis" | "services">) => {
    const stack = new RedisStack(createApp([], join(outdir, "used")), { ...rest, ...change });
    return stack.policy.result().warnings.map(({ message }) => message);
  };
  expect(warned({ redis, services })).toEqual([
    expect.stringContaining("Here render_keyvalue.cache is used by no service."),
  ]);
  expect(warned({ redis, services: { worker: { ...services.worker, uses: { A: "queue", B: "cache" } } } })).toEqual([]);
  expect(warned({ redis, services: {} })).toEqual([]);
});

test.each([
  ["staging", true, true],
  ["production", false, false],
  ["prod-eu", undefined, true],
  ["products", undefined, false],
])("%s with production: %s is judged as production: %s", (name, given, isJudged) => {
  const { policy } = stackOf({ name, redis: { plan: "free" }, ...(given === undefined ? {} : { production: given }) });
  expect(policy.result().errors.join().includes("production-paid")).toBe(isJudged);
});

test("a network that is not written as one is a warning, which names it", () => {
  const warned = (cidrBlock: string) =>
    stackOf({ name: "staging", redis: { ipAllowList: [{ cidrBlock, description: "office" }] } }).policy.result()
      .warnings;
  expect(warned("203.0.113.77/24")).toMatchObject([
    { rule: "host-bits", message: expect.stringContaining("allows 203.0.113.77/24, which is 203.0.113.0/24") },
  ]);
  expect(warned("203.0.113.77/32")).toEqual([]);
});

test.each([
  ["that is not needed", "production-paid", "The exception from the rule production-paid is not needed"],
  ["from no rule", "production-payed", 'Did you mean "production-paid"?'],
])("an exception %s is an error", (_what, rule, message) => {
  const { app } = stackOf({ exceptions: [{ rule, reason: "It was needed once." }] });
  expect(() => app.synth()).toThrow(message);
});

const SECRETS = "no-secrets-in-variables";

test("a variable that looks like a secret stops the synthesis, unless it is excepted", () => {
  const found = new Map([["production", ["STRIPE_KEY looks like a key of Stripe"]]]);
  const appWith = (change: Change) => {
    return createApp([defineEnvironment(production(change))], join(outdir, "cdktf.out"), found);
  };
  expect(() => appWith({}).synth()).toThrow(`breaks the rule ${SECRETS}: `);
  expect(() => appWith({}).synth()).toThrow("Here STRIPE_KEY looks like a key of Stripe.");
  const exceptions = [{ rule: SECRETS, reason: "It is the key of Stripe's public examples." }];
  expect(() => appWith({ exceptions }).synth()).not.toThrow();
});

test("every rule is tested both ways, and its id is never used twice", () => {
  const ids = policyRules.map((rule) => rule.id);
  expect(new Set(ids).size).toBe(ids.length);
  const tested = [
    ...BOTH_WAYS.map(([id]) => id),
    "plan-written-out",
    "not-open",
    "host-bits",
    "instance-used",
    SECRETS,
  ];
  expect(ids.toSorted()).toEqual([...new Set(tested)].toSorted());
});

test("the environments of this repository keep the policy; production waits for a place for its state", () => {
  const app = createApp(resolveEnvironments(ENVIRONMENTS), join(outdir, "all"));
  expect(() => app.synth()).not.toThrow();
  const stacks = app.node.children.filter((child) => child instanceof RedisStack);
  const exceptions = stacks.flatMap((stack) =>
    stack.policy.result().exceptions.map(({ rule }) => [stack.node.id, rule]),
  );
  expect(exceptions).toEqual([["production", "production-remote-state"]]);
});

test("docs/rules.md is what the rules give", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/rules.md"), "utf8");
  expect(page, "Run: npm run rules").toBe(formatPolicy());
});
