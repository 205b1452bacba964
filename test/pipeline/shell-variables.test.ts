import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveEnvironments } from "../../environments/environments.ts";
import { ENVIRONMENTS } from "../../environments/list.ts";
import { readShell } from "../../pipeline/shell-variables.ts";
import { readStack, type SynthesizedStack } from "../../pipeline/synthesized-stack.ts";
import { createApp } from "../../stacks/create-app.ts";

const STACK: SynthesizedStack = {
  environment: "staging",
  digest: "0".repeat(64),
  paths: {},
  variables: ["backend_service_id"],
  localState: undefined,
  isEncrypted: false,
  policy: { warnings: [], exceptions: [] },
  synthesized: { terraform: {}, workingDirectory: "x" },
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "shell-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const shell = (env: NodeJS.ProcessEnv) => readShell(env, STACK, directory);

describe("of Terraform's own variables", () => {
  test.each([
    "TF_CLI_ARGS",
    "TF_CLI_ARGS_plan",
    "TF_CLI_ARGS_apply",
    "TF_CLI_ARGS_show",
    "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE",
  ])("%s is refused, whatever it says", (name) => {
    expect(() => shell({ [name]: "-refresh=false" })).toThrow(
      expect.objectContaining({
        outcome: "misused",
        message: expect.stringMatching(`^\`${name}\` is set: it .* Unset it: unset ${name}$`),
      }),
    );
    expect(shell({ [name]: "" }).shown).toEqual([]);
  });

  test.each([
    ["-no-color -plugin-dir=/opt/providers -lockfile=readonly", true],
    ["-backend-config=key=other", false],
    ["-no-color -backend-config=key=other", false],
    ["-reconfigure", false],
  ])("TF_CLI_ARGS_init may say where providers are, and nothing else: %s", (value, allowed) => {
    const read = () => shell({ TF_CLI_ARGS_init: value }).shown;
    if (allowed) expect(read()).toEqual([expect.stringContaining("TF_CLI_ARGS_init says where")]);
    else expect(read).toThrow("`TF_CLI_ARGS_init` is set");
  });

  test.each([
    ["TF_REATTACH_PROVIDERS", "{}", "TF_REATTACH_PROVIDERS replaces providers by"],
    ["TF_DATA_DIR", "/elsewhere", "TF_DATA_DIR says where"],
    [
      "TF_VAR_backend_servce_id",
      "x",
      "TF_VAR_backend_servce_id sets no variable of this environment. Did you mean TF_VAR_backend_service_id?",
    ],
    ["TF_VAR_other", "x", "TF_VAR_other sets no variable of this environment."],
    ["TF_TOMORROW", "x", "TF_TOMORROW is set, and this project does not know"],
  ])("%s is shown, without its value", (name, value, says) => {
    const { shown } = shell({ [name]: value });
    expect(shown).toEqual([expect.stringContaining(says)]);
  });

  test.each([
    "TF_VAR_backend_service_id",
    "TF_CLI_CONFIG_FILE",
    "TF_TOKEN_app_terraform_io",
    "TF_LOG",
    "TF_PLUGIN_CACHE_DIR",
    "TF_IN_AUTOMATION",
    "PATH",
  ])("%s is passed on", (name) => {
    expect(shell({ [name]: "x" }).shown).toEqual([]);
  });
});

describe("Terraform's settings", () => {
  const MIRROR = 'provider_installation {\n  filesystem_mirror {\n    path = "/opt/providers"\n  }\n}\n';
  const BUILDS = 'provider_installation {\n  dev_overrides {\n    "render-oss/render" = "/home/me/go/bin"\n  }\n}\n';
  const FROM = "says where Terraform takes its providers from";
  const write = (path: string, text: string) => {
    mkdirSync(join(directory, path, ".."), { recursive: true });
    writeFileSync(join(directory, path), text);
  };

  test.each([
    ["TF_CLI_CONFIG_FILE", "terraform.rc"],
    ["TERRAFORM_CONFIG", "terraform.rc"],
  ])("in the file that %s names are shown, and no others are read", (name, path) => {
    write(path, MIRROR);
    write(".terraformrc", BUILDS);
    const env = { HOME: directory, [name]: path };
    expect(shell(env)).toEqual({ shown: [`${name} ${FROM}.`], decides: shell({}).decides });
    expect(shell({ ...env, [name]: "elsewhere" }).shown).toEqual([]);
  });

  test.each([
    ["terraform", ".terraformrc", true],
    ["terraform", ".terraform.d/own.tfrc", true],
    ["terraform", ".terraform.d/own.tfrc.json", true],
    ["terraform", ".terraform.d/own.txt", false],
    ["terraform", ".tofurc", false],
    ["terraform", ".config/opentofu/tofurc", false],
    ["/usr/bin/tofu", ".terraformrc", true],
    ["/usr/bin/tofu", ".tofurc", true],
    ["/usr/bin/tofu", ".config/opentofu/tofurc", true],
  ])("of %s in the home directory, in %s, are shown: %s", (TERRAFORM_BINARY_NAME, path, isRead) => {
    write(path, MIRROR);
    const { shown } = shell({ HOME: directory, TERRAFORM_BINARY_NAME });
    expect(shown).toEqual(isRead ? [`~/${path} ${FROM}.`] : []);
  });

  test.each([
    ["terraform.rc", true],
    ["terraform.d/own.tfrc", true],
    ["tofu.rc", false],
  ])("on Windows, in %s, are shown: %s", (path, isRead) => {
    write(path, MIRROR);
    expect(shell({ APPDATA: directory }).shown).toEqual(isRead ? [`${join(directory, path)} ${FROM}.`] : []);
  });

  test.each([
    ["HCL", BUILDS, "render-oss/render"],
    ["JSON", '{"provider_installation":[{"dev_overrides":{"x/b":"/b","x/a":"/a"}}]}', "x/a x/b"],
  ])(
    "that replace providers by one's own builds, in %s, are shown, and count as what is applied",
    (_how, text, names) => {
      write("own.tfrc", text);
      const { shown, decides } = shell({ TF_CLI_CONFIG_FILE: join(directory, "own.tfrc") });
      expect(shown).toEqual([`TF_CLI_CONFIG_FILE ${FROM}, builds that nothing verifies among them (dev_overrides).`]);
      expect(decides.providers).toBe(names);
    },
  );

  test("that say nothing of providers are passed on", () => {
    write(".terraformrc", `plugin_cache_dir = "/cache"\n# ${BUILDS.replaceAll("\n", "\n  // ")}`);
    expect(shell({ HOME: directory })).toEqual(shell({}));
  });
});

test("the mark of the emulator's exports is a variable of every environment", () => {
  const environments = resolveEnvironments(ENVIRONMENTS);
  createApp(environments, join(directory, "cdktf.out")).synth();
  for (const { name } of environments) {
    const stack = readStack(name, join(directory, "cdktf.out", "stacks", name));
    expect(readShell({ TF_VAR_emulator: "true" }, stack, directory).shown).toEqual([]);
  }
});

describe("what another machine must have, too", () => {
  test("the workspace, selected by the variable or in the directory", () => {
    expect(shell({}).decides).toEqual({ workspace: "default", providers: "" });
    expect(shell({ TF_WORKSPACE: "blue" })).toEqual({
      shown: ['The state is the one of the workspace "blue".'],
      decides: { workspace: "blue", providers: "" },
    });
    for (const path of [".terraform", "data"]) {
      mkdirSync(join(directory, path));
      writeFileSync(join(directory, path, "environment"), `${path}-green\n`);
    }
    expect(shell({}).decides.workspace).toBe(".terraform-green");
    expect(shell({ TF_DATA_DIR: "data" }).decides.workspace).toBe("data-green");
  });

  test("which providers are replaced, and not where they run", () => {
    const at = (address: string) => shell({ TF_REATTACH_PROVIDERS: JSON.stringify({ "x/b": { address }, "x/a": {} }) });
    expect(at("/tmp/1").decides).toEqual(at("/tmp/2").decides);
    expect(at("/tmp/1").decides.providers).toBe("x/a x/b");
    expect(shell({ TF_REATTACH_PROVIDERS: "{" }).decides.providers).toBe("not JSON");
  });
});
