import { DataNullDataSource } from "@cdktf/provider-null/lib/data-null-data-source/index.js";
import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import {
  Annotations,
  Aspects,
  LocalBackend,
  type TerraformElement,
  TerraformHclModule,
  TerraformLocal,
  TerraformOutput,
  TerraformVariable,
} from "cdktf";
import { Construct } from "constructs";
import { expect, test } from "vitest";
import { GuardedApp, GuardedStack } from "../../constructs/guards.ts";
import { EnvGroup } from "../../constructs/render/env-group.ts";
import { RenderProvider } from "../../constructs/render/render-provider.ts";
import { StateBackend } from "../../constructs/state-backend.ts";
import { Stop } from "../../runtime/errors.ts";
import { synthesize, synthesizeApp } from "./synthesize.ts";

/** One of each kind of element, by the beginning of its Terraform address. */
const KINDS: Readonly<Record<string, (scope: Construct, id: string) => TerraformElement>> = {
  null_resource: (scope, id) => new NullResource(scope, id),
  "data.null_data_source": (scope, id) => new DataNullDataSource(scope, id),
  output: (scope, id) => new TerraformOutput(scope, id, { value: "1" }),
  var: (scope, id) => new TerraformVariable(scope, id, {}),
  local: (scope, id) => new TerraformLocal(scope, id, "1"),
  module: (scope, id) => new TerraformHclModule(scope, id, { source: "a/b/c" }),
};

test.each(Object.entries(KINDS))("two elements with one address in %s are refused, both named", (kind, make) => {
  const collide = () =>
    synthesize((stack) => {
      for (const id of ["a.b", "ab"]) make(stack, id);
    });
  expect(collide).toThrow(Stop);
  expect(collide).toThrow(`test/a.b and test/ab have the same Terraform address ${kind}.ab. Rename one.`);
});

test("elements of different kinds, and whatever is no element, may share a name", () => {
  synthesize((stack) => {
    for (const [kind, make] of Object.entries(KINDS)) make(new Construct(stack, kind), "x").overrideLogicalId("same");
    new EnvGroup(new Construct(stack, "group"), "x", { name: "a" }).overrideLogicalId("same");
  });
});

test("the provider, the backend and the stack itself have no address", () => {
  synthesize((stack) => {
    for (const id of ["a.b", "ab"]) new RenderProvider(stack, id);
  });
});

test("a stack without a backend is refused instead of getting this machine's path", () => {
  const build = () => synthesizeApp((app) => void new RenderProvider(new GuardedStack(app, "test"), "render"));
  expect(build).toThrow("the stack has no backend");
});

test("an absolute path is refused wherever a path stands", () => {
  const build = () =>
    synthesizeApp((app) => {
      new LocalBackend(new GuardedStack(app, "test"), { path: "/home/somebody/terraform.tfstate" });
    });
  expect(build).toThrow(
    '`terraform.backend.local.path` must not be an absolute path, got: "/home/somebody/terraform.tfstate"',
  );
});

const withSetting = (name: string, value: unknown) => () =>
  synthesize((stack) => new NullResource(stack, "made").addOverride(name, value));

test.each(["path", "workspace_dir", "working_dir", "source", "filename"])("an absolute %s is refused", (name) => {
  for (const value of ["/x", "C:\\x", "d:/x"]) expect(withSetting(name, value)).toThrow("must not be an absolute path");
  expect(withSetting("deep", { list: [{ [name]: "/x" }] })).toThrow(`resource.null_resource.made.deep.list.0.${name}`);
  for (const value of ["x/y", "C:x", "x/C:/y", `\${path.root}/x`, 1, null])
    expect(withSetting(name, value)).not.toThrow();
});

test("a text that merely begins with a slash is not a path", () => {
  expect(withSetting("health_path", "/health")).not.toThrow();
});

test("stacks stand alone: no one may refer to another", () => {
  const refer = () =>
    synthesizeApp((app) => {
      const [first, second] = ["first", "test"].map((name) => {
        const stack = new GuardedStack(app, name);
        new StateBackend(stack, { type: "local", settings: { path: `${name}.tfstate` } });
        new NullProvider(stack, "null");
        return stack;
      });
      if (first === undefined || second === undefined) throw new Error("There are two.");
      new NullResource(second, "made", { triggers: { id: new NullResource(first, "made").id } });
    });
  expect(refer).toThrow('the state of "first" must not be read from another stack (in first/state.backend)');
});

test("what is no mistake of the description stays what it is", () => {
  const broken = new TypeError("Validation failed");
  const build = () =>
    synthesize((stack) => {
      stack.node.addValidation({
        validate: () => {
          throw broken;
        },
      });
    });
  expect(build).toThrow(broken);
});

test("nobody is advised to skip the validation", () => {
  const build = () => synthesize((stack) => stack.node.addValidation({ validate: () => ["first", "second\n\nthird"] }));
  expect(build).toThrow(
    /^Validation failed with the following errors:\n {2}\[test\] first\n {2}\[test\] second\n\nthird$/,
  );
});

test("an aspect on the app is refused, since cdktf would never run it", () => {
  const build = () => synthesizeApp((app) => Aspects.of(app).add({ visit: () => undefined }));
  expect(build).toThrow("cdktf never runs aspects on the app");
});

test("a construct outside of every stack is refused, since cdktf would never synthesize it", () => {
  const build = () => synthesizeApp((app) => void new Construct(app, "lost"));
  expect(build).toThrow('"lost" is not in a stack');
  expect(build).not.toThrow(/skip|App-level/);
});

test.each([
  ["s3", { bucket: "b", use_lockfile: true }, { backend: { s3: { bucket: "b", use_lockfile: true } } }],
  [
    "cloud",
    { organization: "o", workspaces: { name: "w" } },
    { cloud: { organization: "o", workspaces: { name: "w" } } },
  ],
])("the state in %s becomes Terraform's block", (type, settings, expected) => {
  const terraform = synthesizeApp((app) => {
    new StateBackend(new GuardedStack(app, "test"), { type, settings });
  });
  expect(terraform.terraform).toMatchObject(expected);
});

test("a construct's warning carries no trace, which is for cdktf's own debugging", () => {
  const app = new GuardedApp();
  Annotations.of(app).addWarning("Mind this.");
  expect(app.node.metadata).toEqual([{ type: "@cdktf/warn", data: "Mind this.", trace: undefined }]);
});
