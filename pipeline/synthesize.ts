import { join } from "node:path";
import { stackPath } from "../environments/define.ts";
import { runChild } from "../runtime/child-process.ts";
import { Stop } from "../runtime/errors.ts";
import { closeProject } from "../runtime/private-file.ts";
import { isCurrent, writeStamp } from "./synthesis-stamp.ts";
import { readStack, type SynthesizedStack } from "./synthesized-stack.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const OUTDIR = join(REPOSITORY, "cdktf.out");

/** All that synthesis reads: it is pure, so the same sources give the same Terraform. */
export const SYNTHESIS_SOURCES = [
  "main.ts",
  "package-lock.json",
  "environments",
  "stacks",
  "constructs",
  "steps",
  "render",
  "runtime",
  "cli",
] as const;

/** Where Terraform works on an environment. */
export function stackDirectory(environment: string): string {
  return join(REPOSITORY, stackPath(environment));
}

/**
 * Makes sure that the Terraform of these environments lies in `cdktf.out/`, as `cdktf synth` writes it. Where it does
 * already, and no source has changed, nothing is done: synthesis takes longer than Terraform takes to plan.
 *
 * @throws Stop for a name that is no environment, for mistakes in one, and in a pipeline for one whose state is a local
 *   file.
 */
export async function synthesize(names: readonly string[]): Promise<SynthesizedStack[]> {
  closeProject(OUTDIR, []);
  const sources = SYNTHESIS_SOURCES.map((source) => join(REPOSITORY, source));
  if (!names.every((name) => isCurrent(stackDirectory(name), sources))) {
    const mistake = await runApp(OUTDIR, names);
    if (mistake !== undefined) throw new Stop("misused", mistake);
    for (const name of names) writeStamp(stackDirectory(name), sources);
  }
  const stacks = names.map((name) => readStack(name, stackDirectory(name)));
  closeProject(
    OUTDIR,
    stacks.flatMap(({ localState }) => localState ?? []),
  );
  const encrypted = stacks.find(({ isEncrypted }) => isEncrypted);
  if (encrypted !== undefined) await refuseTerraform(encrypted.environment);
  const stateless = stacks.find(({ localState }) => localState !== undefined && isPipeline(process.env));
  if (stateless === undefined) return stacks;
  throw new Stop(
    "misused",
    `"${stateless.environment}" keeps its state in a local file, which every run of a pipeline begins without: it would ` +
      "create everything again.",
    {
      remedy: `Set \`state\` in environments/${stateless.environment}.ts to a backend that the pipeline can reach: docs/state.md.`,
    },
  );
}

/** @throws Stop unless what runs is an OpenTofu that can encrypt: Terraform would write the state in clear, or not read it. */
async function refuseTerraform(environment: string): Promise<void> {
  const binary = process.env.TERRAFORM_BINARY_NAME || "terraform";
  const { stdout } = await runChild(binary, ["version"]).catch(() => ({ stdout: "" }));
  const [, product, major, minor] = /^(\S+) v(\d+)\.(\d+)/.exec(stdout) ?? [];
  if (product === "OpenTofu" && (Number(major) > 1 || Number(minor) >= 12)) return;
  const found = product === undefined ? `"${binary}" is neither` : `"${binary}" is ${product} ${major}.${minor}`;
  throw new Stop(
    "misused",
    `The state of "${environment}" is encrypted, for which OpenTofu 1.12 or newer is needed; ${found}.`,
    {
      remedy: "Install OpenTofu and set TERRAFORM_BINARY_NAME to it, such as tofu. Nothing was done.",
    },
  );
}

function isPipeline(env: NodeJS.ProcessEnv): boolean {
  return env.GITHUB_ACTIONS === "true" || env.GITLAB_CI === "true";
}

/**
 * Runs the CDKTF app in a process of its own, so that cdktf is loaded only when something is synthesized.
 *
 * @param names The environments to synthesize; all of them when there is none.
 * @returns What is wrong with an environment; `undefined` when the Terraform was written.
 */
export async function runApp(outdir: string, names: readonly string[] = []): Promise<string | undefined> {
  const { code, stderr } = await runChild(process.execPath, ["render-redis.mjs", "app", ...names], {
    cwd: REPOSITORY,
    env: { ...process.env, CDKTF_OUTDIR: outdir },
  });
  if (code !== 0) return stderr.trim();
  process.stderr.write(stderr);
  return undefined;
}
