import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readShell } from "../../pipeline/shell-variables.ts";
import type { SynthesizedStack } from "../../pipeline/synthesized-stack.ts";

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
