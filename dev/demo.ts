import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Command, Option } from "commander";
import { parse } from "../cli/parse.ts";
import { runProgram } from "../cli/program.ts";
import { askBackend } from "../examples/backend/ask.ts";
import { API } from "../render/api/endpoints.ts";
import { isLinkedTo, readEnvGroups } from "../render/api/env-groups.ts";
import { colors } from "../runtime/colors.ts";
import { Stop } from "../runtime/errors.ts";
import { diagnose } from "./doctor/diagnose.ts";
import { REPOSITORY, Rehearsal, Workspace } from "./rehearsal.ts";

const ENVIRONMENT = "local";
/** Long enough to see the checks wait for the instance, as they do for the minute that Render takes. */
const CREATION_DELAY_MS = 1_500;
/** Milliseconds that Terraform gets to stop when the demo is interrupted. */
const GRACE_MS = 10_000;
const STEPS = 6;

interface Options {
  readonly provider: "local" | "registry";
}

const command = new Command("demo")
  .description("Deploys the environment `local` to a Render on this machine, verifies it, and destroys it again.")
  .addOption(
    new Option("--provider <whose>", "the Terraform provider: this project's, or Render's own")
      .choices(["local", "registry"])
      .default("local"),
  )
  .allowExcessArguments(false)
  .exitOverride();

runProgram(({ signal }) => parse(command, ({ provider }: Options) => demo(provider, signal)), {
  name: "demo",
  ends: "when done",
});

async function demo(provider: Options["provider"], signal: AbortSignal): Promise<undefined> {
  const began = Date.now();
  step(1, "Start Render on this machine: its API, and a real server behind every instance");
  const rehearsal = await Rehearsal.start({ provider, creationDelayMs: CREATION_DELAY_MS, log: note });
  const workspace = new Workspace(ENVIRONMENT);
  try {
    const env = await commandVariables(rehearsal, provider);
    const run = async (view: View, command: string, args: readonly string[], cwd = REPOSITORY) => {
      const onLine = (line: string) => show(line, view);
      const { exitCode, output } = await workspace.run(command, args, env, { cwd, signal, graceMs: GRACE_MS, onLine });
      if (exitCode === 0) return;
      signal.throwIfAborted();
      if (view === "progress") console.error(output);
      throw new Stop(
        "failed",
        `${command} ${args[0]} failed${exitCode === null ? "" : ` with exit code ${exitCode}`}.`,
      );
    };
    const cdktf = (command: string) => {
      const args = [command, ENVIRONMENT, "--auto-approve", "--output", workspace.outdir];
      return run("progress", join(REPOSITORY, "node_modules/.bin/cdktf"), args);
    };
    note(`the API is at ${rehearsal.render.host}`);
    await showBackend(rehearsal, signal);

    step(2, `cdktf deploy ${ENVIRONMENT}`);
    await cdktf("deploy");

    step(3, `npm run verify -- ${ENVIRONMENT}`);
    await run("all", process.execPath, ["render-redis.mjs", "verify", ENVIRONMENT]);

    step(4, "The backend, which the deploy has rolled out");
    await showBackend(rehearsal, signal);

    step(5, "terraform plan: nothing is left to change");
    const plan = ["plan", "-input=false", "-no-color", "-detailed-exitcode"];
    await run("progress", env.TERRAFORM_BINARY_NAME, plan, workspace.stack);

    step(6, `cdktf destroy ${ENVIRONMENT}`);
    await cdktf("destroy");
    const left = await rehearsal.client.list(API.listKeyValues, {});
    if (left.length > 0) throw new Stop("failed", `${left.length} instances are left after destroy.`);
    note("no instance and no environment group is left");
    await showBackend(rehearsal, signal);
  } finally {
    await rehearsal.stop();
    workspace.remove();
  }
  console.log(`\n${colors.green("✔")} Deployed, verified and destroyed in ${seconds(Date.now() - began)}.`);
}

/** What keeps cdktf from asking, from phoning home and from drawing over its own lines. */
async function commandVariables(rehearsal: Rehearsal, provider: Options["provider"]) {
  const { findings } = await diagnose();
  return {
    ...rehearsal.exports,
    ...(provider === "registry" ? { CDKTF_SKIP_PROVIDER_LOCK: "" } : {}),
    TERRAFORM_BINARY_NAME: findings.find(({ id }) => id === "terraform")?.found?.path ?? "terraform",
    CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
    DISABLE_VERSION_CHECK: "1",
    CI: "true",
    FORCE_COLOR: colors.isColorSupported ? "1" : "0",
  };
}

/** How much of a command's output is shown. */
type View = "all" | "progress";

function show(line: string, view: View): void {
  if (view === "all") console.log(`  ${line}`);
  else if (isProgress(line)) note(line.replace(/^local {2}|^\s+/, "").replace(/ \([\w/-]+\)(?=[ :[])/, ""));
}

function isProgress(line: string): boolean {
  const text = stripVTControlCharacters(line);
  // Of what provisioners print, how the service gets on.
  if (/\(local-exec\): \S+: (deploy|draining|red-\S+ is drained|the service)/.test(text)) return true;
  return /: (Creating|Still creating|Creation complete|Destroying|Destruction complete|Provisioning)|^\s*(local {2})?(Plan:|Apply complete|Destroy complete|No changes)/.test(
    text,
  );
}

/** What the backend is given by its groups, and what the running backend says of itself. */
async function showBackend({ client, render }: Rehearsal, signal: AbortSignal): Promise<void> {
  const serviceId = render.backendServiceId;
  const linked = await readEnvGroups(client, render.ownerId, (group) => isLinkedTo(group, serviceId));
  const given = linked.flatMap(({ envVars }) => envVars).map(({ key, value }) => `${key}=${value}`);
  note(`the backend has ${given.length === 0 ? "no REDIS_URL" : given.join("  ")}`);
  const { mode, queues } = await askBackend(client, serviceId, signal);
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
