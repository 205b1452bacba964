import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { createTwoFilesPatch } from "diff";
import { runApp } from "../pipeline/synthesize.ts";
import { readableTerraform } from "../pipeline/synthesized-stack.ts";
import { type Outcome, Stop } from "../runtime/errors.ts";
import { parse } from "./parse.ts";
import type { CommandProgram } from "./program.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const SYNTHESIZED = join(REPOSITORY, "synthesized");
/** Many times what it takes on a slow machine. */
const SYNTH_SECONDS = 600;
const SUFFIX = ".tf.json";

const command = new Command("synth")
  .description("Writes the Terraform of every environment to synthesized/, as reviewers see it.")
  .option("--check", "write nothing; fail when a file is not what the sources give")
  .allowExcessArguments(false)
  .exitOverride();

export const program: CommandProgram = {
  name: "synth",
  command,
  run(program) {
    program.limit(SYNTH_SECONDS);
    return parse(command, synth);
  },
};

async function synth({ check }: { readonly check?: true }): Promise<Outcome> {
  const fresh = await synthesize();
  const stale = await staleFiles(fresh);
  if (check) return report(stale);
  await write(fresh, stale);
  return "good";
}

/** A committed file that differs from what the sources give; no `after` when the environment is gone. */
interface StaleFile {
  readonly name: string;
  readonly before: string;
  readonly after: string | undefined;
}

/** Each environment's Terraform by its file name, without cdktf's notes to itself. */
async function synthesize(): Promise<Map<string, string>> {
  // Beside cdktf.out, so that the relative paths in the Terraform are the ones a deploy has.
  const outdir = await mkdtemp(join(REPOSITORY, ".synth-"));
  try {
    const mistake = await runApp(outdir);
    if (mistake !== undefined) throw new Stop("failed", mistake);
    const files = new Map<string, string>();
    for (const stack of (await readdir(join(outdir, "stacks"))).sort()) {
      const json = await readFile(join(outdir, "stacks", stack, "cdk.tf.json"), "utf8");
      files.set(`${stack}${SUFFIX}`, readableTerraform(json));
    }
    return files;
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
}

async function staleFiles(fresh: ReadonlyMap<string, string>): Promise<StaleFile[]> {
  const committed = await readdir(SYNTHESIZED).catch((): string[] => []);
  const names = new Set([...fresh.keys(), ...committed.filter((name) => name.endsWith(SUFFIX))]);
  const files = await Promise.all(
    [...names].sort().map(async (name) => {
      const before = committed.includes(name) ? await readFile(join(SYNTHESIZED, name), "utf8") : "";
      return { name, before, after: fresh.get(name) };
    }),
  );
  return files.filter(({ before, after }) => before !== after);
}

async function write(fresh: ReadonlyMap<string, string>, stale: readonly StaleFile[]): Promise<void> {
  await mkdir(SYNTHESIZED, { recursive: true });
  for (const { name, after } of stale) {
    if (after === undefined) await rm(join(SYNTHESIZED, name));
    else await writeFile(join(SYNTHESIZED, name), after);
    console.log(`${after === undefined ? "removed" : "wrote"} synthesized/${name}`);
  }
  console.log(`${fresh.size} environments, ${stale.length} files changed`);
}

function report(stale: readonly StaleFile[]): Outcome {
  if (stale.length === 0) {
    console.log("synthesized/ is what the sources give");
    return "good";
  }
  for (const { name, before, after } of stale) {
    console.log(createTwoFilesPatch(`synthesized/${name}`, "the sources", before, after ?? "").trimEnd());
  }
  console.error(`synthesized/ is stale: ${stale.map(({ name }) => name).join(", ")}. Run: npm run synth`);
  return "failed";
}
