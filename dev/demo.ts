import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Command, Option } from "commander";
import pc from "picocolors";
import { parse } from "../cli/parse.ts";
import { runProgram } from "../cli/program.ts";
import { askBackend } from "../examples/backend/ask.ts";
import { RenderClient } from "../render/api/client.ts";
import { API } from "../render/api/endpoints.ts";
import { isLinkedTo, readEnvGroups } from "../render/api/env-groups.ts";
import { runChild } from "../runtime/child-process.ts";
import { Stop } from "../runtime/errors.ts";
import { diagnose } from "./doctor/diagnose.ts";
import { type LocalRender, startLocalRender } from "./emulator/emulator.ts";
import { exportsOf } from "./local/exports.ts";
import { startProvider } from "./terraform-provider/server.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const ENVIRONMENT = "local";
/** Long enough to see the checks wait for the instance, as they do for the minute that Render takes. */
const CREATION_DELAY_MS = 1_500;
const STEPS = 6;

interface Options {
  readonly provider: "local" | "registry";
}

const command = new Command("demo")
  .description("Deploys the environment `local` to a Render on this machine, proves it, and takes it away again.")
  .addOption(
    new Option("--provider <whose>", "the Terraform provider: this project's, or Render's own")
      .choices(["local", "registry"])
      .default("local"),
  )
  .allowExcessArguments(false)
  .exitOverride();

const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);
const interrupted = new AbortController();

runProgram(
  ({ signal }) => {
    signal.addEventListener("abort", () => interrupted.abort(signal.reason));
    return parse(command, demo);
  },
  { name: "demo", ends: "when done" },
);

async function demo({ provider }: Options): Promise<undefined> {
  const began = Date.now();
  const workspace = await makeWorkspace();
  const directory = await mkdtemp(join(tmpdir(), "demo-"));
  const cleanups = [
    () => rm(workspace, { recursive: true, force: true }),
    () => rm(directory, { recursive: true, force: true }),
  ];
  try {
    step(1, "Start Render on this machine: its API, and a real server behind every instance");
    const render = await startLocalRender({ directory, creationDelayMs: CREATION_DELAY_MS, log: note });
    cleanups.push(() => render.stop());
    const attached =
      provider === "local"
        ? await startProvider({ ...render, socketDirectory: join(render.socketDirectory, "provider") })
        : undefined;
    cleanups.push(async () => attached?.stop());
    const env = await commandEnvironment(render, attached?.reattach, workspace);
    const client = new RenderClient({ apiKey: render.apiKey, host: render.host, signal: interrupted.signal });
    note(`the API is at ${render.host}`);
    await showBackend(client, render.backendServiceId);

    step(2, `cdktf deploy ${ENVIRONMENT}`);
    await cdktf("deploy", workspace, env);

    step(3, `npm run verify -- ${ENVIRONMENT}`);
    await run(process.execPath, ["checks/start.cjs", ENVIRONMENT], REPOSITORY, env, "show");

    step(4, "The backend, which the deploy has rolled out");
    await showBackend(client, render.backendServiceId);

    step(5, "terraform plan: nothing is left to change");
    const stack = join(workspace, "cdktf.out", "stacks", ENVIRONMENT);
    await run(
      env.TERRAFORM_BINARY_NAME,
      ["plan", "-input=false", "-no-color", "-detailed-exitcode"],
      stack,
      env,
      "progress",
    );

    step(6, `cdktf destroy ${ENVIRONMENT}`);
    await cdktf("destroy", workspace, env);
    const left = await client.list(API.listKeyValues, {});
    if (left.length > 0) throw new Stop("failed", `${left.length} instances are left after destroy.`);
    note("no instance and no environment group is left");
    await showBackend(client, render.backendServiceId);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
  console.log(`\n${colors.green("✔")} Deployed, proven and taken away again in ${seconds(Date.now() - began)}.`);
}

/** In the repository, because the checks run at a path relative to the Terraform. */
async function makeWorkspace(): Promise<string> {
  await mkdir(join(REPOSITORY, ".tmp"), { recursive: true });
  return mkdtemp(join(REPOSITORY, ".tmp", "demo-"));
}

/** What a person exports, and what keeps cdktf from asking, from phoning home and from drawing over its own lines. */
async function commandEnvironment(render: LocalRender, reattach: string | undefined, workspace: string) {
  const { findings } = await diagnose();
  const terraform = findings.find(({ id }) => id === "terraform")?.found?.path ?? "terraform";
  const terraformConfig = join(workspace, "terraform.rc");
  await writeFile(terraformConfig, "");
  return {
    ...exportsOf(render, reattach),
    TERRAFORM_BINARY_NAME: terraform,
    ...(reattach === undefined ? { CDKTF_SKIP_PROVIDER_LOCK: "" } : { TF_CLI_CONFIG_FILE: terraformConfig }),
    CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
    DISABLE_VERSION_CHECK: "1",
    CI: "true",
    FORCE_COLOR: colors.isColorSupported ? "1" : "0",
  };
}

async function cdktf(command: "deploy" | "destroy", workspace: string, env: Record<string, string>): Promise<void> {
  const output = join(workspace, "cdktf.out");
  const cli = join(REPOSITORY, "node_modules", ".bin", "cdktf");
  await run(cli, [command, ENVIRONMENT, "--auto-approve", "--output", output], REPOSITORY, env, "progress");
}

/**
 * Runs a command and shows all of it, or only how it gets on; all of it when it fails.
 *
 * @throws Stop when the command fails.
 */
async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
  view: "show" | "progress",
): Promise<void> {
  const all: string[] = [];
  const onLine = (line: string) => {
    all.push(line);
    if (view === "show") console.log(`  ${line}`);
    else if (isProgress(line)) note(line.replace(/^local {2}|^\s+/, "").replace(/ \([\w/-]+\)(?=[ :[])/, ""));
  };
  const { code } = await runChild(command, args, {
    cwd,
    env: { ...process.env, ...env },
    onLine,
    signal: interrupted.signal,
    graceMs: 10_000,
  });
  if (code === 0) return;
  interrupted.signal.throwIfAborted();
  if (view === "progress") console.error(all.join("\n"));
  throw new Stop("failed", `${command} ${args[0]} failed${code === null ? "" : ` with exit code ${code}`}.`);
}

function isProgress(line: string): boolean {
  const text = stripVTControlCharacters(line);
  // Of what provisioners print, how the backend gets on.
  if (/\(local-exec\): \S+: (deploy|emptying|nothing waits|the backend)/.test(text)) return true;
  return /: (Creating|Still creating|Creation complete|Destroying|Destruction complete|Provisioning)|^\s*(local {2})?(Plan:|Apply complete|Destroy complete|No changes)/.test(
    text,
  );
}

/** What the backend is given by its groups, and what the running backend says of itself. */
async function showBackend(client: RenderClient, serviceId: string): Promise<void> {
  const linked = await readEnvGroups(client, (group) => isLinkedTo(group, serviceId));
  const given = linked.flatMap(({ envVars }) => envVars).map(({ key, value }) => `${key}=${value}`);
  note(`the backend is given ${given.length === 0 ? "no Redis" : given.join("  ")}`);
  const { mode, queues } = await askBackend(client, serviceId, interrupted.signal);
  note(`the backend says: mode: ${mode}${queues.length === 0 ? "" : `, queues: ${queues.join(", ")}`}`);
}

function step(number: number, title: string): void {
  console.log(`\n${colors.bold(`${number}/${STEPS}  ${title}`)}`);
}

function note(line: string): void {
  console.log(colors.dim(`  ${line}`));
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(0)} s`;
}
