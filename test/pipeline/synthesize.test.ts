import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runApp, stackDirectory, synthesize } from "../../pipeline/synthesize.ts";
import type { ChildEnd, ChildOptions } from "../../runtime/child-process.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const NAMES = ["one", "two"].map((name) => `unit-${name}-${process.pid}`);
const [first = "", second = ""] = NAMES;

type Run = (command: string, args: string[], options: ChildOptions) => Promise<Partial<ChildEnd>>;
const app = vi.hoisted(() => ({ run: vi.fn<Run>() }));
vi.mock("../../runtime/child-process.ts", () => ({ runChild: app.run }));

const terraform = (backend: string, encryption?: object) => ({
  "//": { policy: { warnings: [], exceptions: [] } },
  terraform: { backend: { [backend]: { path: "../../../.state/x.tfstate" } }, encryption },
});

function write(name: string, backend: string, encryption?: object): void {
  mkdirSync(stackDirectory(name), { recursive: true });
  writeFileSync(join(stackDirectory(name), "cdk.tf.json"), JSON.stringify(terraform(backend, encryption)));
}

beforeEach(() => {
  vi.stubEnv("GITHUB_ACTIONS", "");
  vi.stubEnv("GITLAB_CI", "");
  app.run.mockReset().mockImplementation(async () => {
    for (const name of NAMES) write(name, "local");
    return { code: 0, stderr: "a warning" };
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const name of NAMES) rmSync(stackDirectory(name), { recursive: true, force: true });
});

test("the Terraform is written when one of the environments needs it, and then not again", async () => {
  expect(stackDirectory("staging")).toBe(join(REPOSITORY, "cdktf.out/stacks/staging"));
  const stacks = await synthesize(NAMES);
  expect(stacks.map(({ environment, localState }) => [environment, localState])).toEqual(
    NAMES.map((name) => [name, join(REPOSITORY, ".state/x.tfstate")]),
  );
  await synthesize(NAMES);
  expect(app.run).toHaveBeenCalledTimes(1);
  const [command, args, options] = app.run.mock.calls[0] ?? [];
  expect([command, args]).toEqual([process.execPath, ["render-redis.mjs", "app", ...NAMES]]);
  const env = { ...process.env, CDKTF_OUTDIR: join(REPOSITORY, "cdktf.out") };
  expect(options).toEqual({ cwd: REPOSITORY, env });
  write(second, "http");
  await synthesize([first]);
  expect(app.run).toHaveBeenCalledTimes(1);
  await synthesize(NAMES);
  expect(app.run).toHaveBeenCalledTimes(2);
});

test.each([
  ["GITHUB_ACTIONS", "true", "local"],
  ["GITLAB_CI", "true", "local"],
  ["GITHUB_ACTIONS", "true", "http"],
  ["GITHUB_ACTIONS", "false", "local"],
  ["GITLAB_CI", "1", "local"],
])("where %s is %s, a state in %s", async (variable, value, backend) => {
  app.run.mockImplementation(async () => {
    write(first, "http");
    write(second, backend);
    return { code: 0, stderr: "" };
  });
  vi.stubEnv(variable, value);
  if (value !== "true" || backend !== "local") expect(await synthesize(NAMES)).toHaveLength(2);
  else {
    const message = new RegExp(
      `^"${second}" keeps its state in a local file, .* Set .state. in environments/${second}\\.ts to a backend`,
    );
    const refused = { outcome: "misused", message: expect.stringMatching(message) };
    await expect(synthesize(NAMES)).rejects.toMatchObject(refused);
  }
});

test("a mistake in an environment is what the app prints, and leaves no stamp", async () => {
  app.run.mockImplementation(async () => {
    write(first, "local");
    return { code: 1, stderr: " No such region.\n" };
  });
  const refused = { outcome: "misused", message: "No such region." };
  await expect(synthesize([first])).rejects.toMatchObject(refused);
  await expect(synthesize([first])).rejects.toMatchObject(refused);
  expect(await runApp(tmpdir())).toBe("No such region.");
  expect(app.run.mock.lastCall?.[1]).toEqual(["render-redis.mjs", "app"]);
});

test.each([
  ["Terraform v1.14.0\non linux_amd64", '"a-binary" is Terraform 1.14'],
  ["OpenTofu v1.11.4\n", '"a-binary" is OpenTofu 1.11'],
  ["", '"a-binary" is neither'],
  ["OpenTofu v1.12.0\n", undefined],
  ["OpenTofu v2.0.0-beta1\n", undefined],
])("an encrypted state is refused to what cannot encrypt: %j", async (stdout, found) => {
  vi.stubEnv("TERRAFORM_BINARY_NAME", "a-binary");
  app.run.mockImplementation(async (command) => {
    if (command === "a-binary") return { stdout };
    write(first, "http", { state: {} });
    return { code: 0, stderr: "" };
  });
  if (found === undefined) expect(await synthesize([first])).toMatchObject([{ isEncrypted: true }]);
  else {
    const message = `The state of "${first}" is encrypted, for which OpenTofu 1.12 or newer is needed; ${found}. Install`;
    await expect(synthesize([first])).rejects.toMatchObject({
      outcome: "misused",
      message: expect.stringContaining(message),
    });
  }
});
