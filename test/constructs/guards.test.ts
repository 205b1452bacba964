import { Annotations, Aspects, LocalBackend, TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { expect, test } from "vitest";
import { GuardedApp, GuardedStack } from "../../constructs/guards.ts";
import { EnvGroup } from "../../constructs/render/env-group.ts";
import { RenderProvider } from "../../constructs/render/render-provider.ts";
import { StateBackend } from "../../constructs/state-backend.ts";
import { synthesize, synthesizeApp } from "./synthesize.ts";

test("two resources with one Terraform address are refused, both named", () => {
  const collide = () =>
    synthesize((stack) => {
      new EnvGroup(stack, "a.b", { name: "first" });
      new EnvGroup(stack, "ab", { name: "second" });
    });
  expect(collide).toThrow("test/a.b and test/ab have the same Terraform address render_env_group.ab. Rename one.");
});

test("two outputs with one name are refused", () => {
  const collide = () =>
    synthesize((stack) => {
      new TerraformOutput(stack, "url", { value: "1", staticId: true });
      new TerraformOutput(new Construct(stack, "inner"), "url", { value: "2", staticId: true });
    });
  expect(collide).toThrow("have the same Terraform address output.url");
});

test("resources of different types may share a name", () => {
  synthesize((stack) => {
    const group = new EnvGroup(stack, "backend", { name: "a" });
    new TerraformOutput(stack, "other", { value: group.id }).overrideLogicalId("backend");
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

test("a text that merely begins with a slash is not a path", () => {
  synthesize((stack) => {
    new EnvGroup(stack, "group", { name: "a", envVars: { HEALTH_PATH: { value: "/health" } } });
  });
});

test("an aspect on the app is refused, since cdktf would never run it", () => {
  const build = () => synthesizeApp((app) => Aspects.of(app).add({ visit: () => undefined }));
  expect(build).toThrow("cdktf never runs aspects on the app");
});

test("a construct outside of every stack is refused, since cdktf would never synthesize it", () => {
  const build = () => synthesizeApp((app) => void new Construct(app, "lost"));
  expect(build).toThrow('"lost" is not in a stack');
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
