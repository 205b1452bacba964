import { spawn } from "node:child_process";
import { join } from "node:path";
import { isCurrent, stackDirectory } from "./synthesis-stamp.ts";
import { readDescription, type SynthesizedStack } from "./synthesized-stack.ts";

/** An environment, or a name of one, that cannot be used; for whoever wrote it. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/**
 * Sees to it that the Terraform of these environments lies in `cdktf.out/`, as `cdktf synth` writes it. Where it does
 * already, and no source has changed, nothing is done: synthesis takes longer than Terraform takes to plan.
 *
 * @throws ConfigurationError for a name that is no environment, for mistakes in one, and in a pipeline for one whose state
 *   is a local file.
 */
export async function synthesize(names: readonly string[]): Promise<SynthesizedStack[]> {
  if (!names.every(isCurrent)) await writeStacks(names);
  const stacks = names.map((name) => readDescription(stackDirectory(name)));
  const stateless = stacks.find(({ hasLocalState }) => hasLocalState && isPipeline(process.env));
  if (stateless === undefined) return stacks;
  throw new ConfigurationError(
    `"${stateless.environment}" keeps its state in a local file, which every run of a pipeline begins without: it would ` +
      "create everything again. Set state.type to a backend that the pipeline can reach.",
  );
}

function isPipeline(env: NodeJS.ProcessEnv): boolean {
  return env.GITHUB_ACTIONS === "true" || env.GITLAB_CI === "true";
}

async function writeStacks(names: readonly string[]): Promise<void> {
  const program = join(import.meta.dirname, "..", "pipeline", "write-stacks.ts");
  const { exitCode, stderr } = await run(process.execPath, ["--import", "tsx", program, ...names]);
  if (exitCode !== 0) throw new ConfigurationError(stderr.trim());
}

function run(command: string, args: readonly string[]): Promise<{ exitCode: number; stderr: string }> {
  return new Promise((fulfil, reject) => {
    const child = spawn(command, args, { cwd: join(import.meta.dirname, ".."), stdio: ["ignore", "ignore", "pipe"] });
    const chunks: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => fulfil({ exitCode: code ?? 1, stderr: Buffer.concat(chunks).toString() }));
  });
}
