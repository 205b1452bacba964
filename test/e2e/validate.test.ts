import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installedFrom } from "../../dev/terraform-provider/plugins.ts";
import { type RunningProvider, startProvider } from "../../dev/terraform-provider/server.ts";
import { resolveEnvironments } from "../../environments/environments.ts";
import { ENVIRONMENTS } from "../../environments/list.ts";

const NAMES = resolveEnvironments(ENVIRONMENTS).map(({ name }) => name);
const REPOSITORY = join(import.meta.dirname, "../..");

let directory: string;
let provider: RunningProvider;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "validate-"));
  provider = await startProvider({ socketDirectory: join(directory, "s") });
  await writeFile(join(directory, "terraform.rc"), installedFrom(provider.plugins));
  const cdktf = join(REPOSITORY, "node_modules/.bin/cdktf");
  const env = { CHECKPOINT_DISABLE: "1", DISABLE_VERSION_CHECK: "1", CI: "true", CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1" };
  await execa(cdktf, ["synth", "--output", join(directory, "cdktf.out")], { cwd: REPOSITORY, env });
});
afterAll(async () => {
  await provider.stop();
  await rm(directory, { recursive: true, force: true });
});

test("cdktf synth writes every environment", async () => {
  const stacks = await readdir(join(directory, "cdktf.out", "stacks"));
  expect(stacks.sort()).toEqual(NAMES.toSorted());
});

test.each(NAMES)("Terraform finds %s valid by the provider's schema", async (name) => {
  const options = {
    cwd: join(directory, "cdktf.out", "stacks", name),
    env: { TF_CLI_CONFIG_FILE: join(directory, "terraform.rc"), CHECKPOINT_DISABLE: "1", TF_INPUT: "0" },
    all: true,
    reject: false,
  };
  const init = await execa("terraform", ["init", "-backend=false", "-no-color"], options);
  expect(init.exitCode, init.all).toBe(0);
  const validate = await execa("terraform", ["validate", "-no-color"], options);
  expect(validate.all).toContain("Success! The configuration is valid.");
});
