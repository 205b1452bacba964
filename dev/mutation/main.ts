import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { parse } from "../../cli/parse.ts";
import { runProgram } from "../../cli/program.ts";
import { runChild } from "../../runtime/child-process.ts";
import { Stop } from "../../runtime/errors.ts";
import { oneLine } from "../../runtime/text.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const STRYKER = join(REPOSITORY, "node_modules/.bin/stryker");
const REPORT = join(REPOSITORY, ".tmp/mutation.json");
const PRODUCT = "runtime redis vantage render environments constructs stacks steps checks pipeline cli".split(" ");
/** About 300 mutants of the whole product. */
const SHARE = 0.06;

const position = z.object({ line: z.number(), column: z.number() });
const mutant = z.object({
  status: z.string(),
  replacement: z.string(),
  location: z.object({ start: position, end: position }),
});
const reportSchema = z.object({
  files: z.record(z.string(), z.object({ source: z.string(), mutants: z.array(mutant) })),
});

type Report = z.output<typeof reportSchema>;
type Mutant = z.output<typeof mutant>;

interface Options {
  readonly seed: number;
  readonly share: number;
}

const command = new Command("mutation")
  .description("Changes the product, a little at a time, and lists the changes that no fast test notices.")
  .argument("[paths...]", "folders and files of the product; default: all of it")
  .addOption(new Option("--seed <number>", "draws another sample").argParser(number).default(1))
  .addOption(new Option("--share <part>", "the sample's part of all changes, up to 1").argParser(number).default(SHARE))
  .exitOverride();

runProgram(({ signal }) => parse(command, (paths: string[], options: Options) => mutate(paths, options, signal)), {
  name: "mutation",
  ends: "when done",
});

async function mutate(paths: readonly string[], { seed, share }: Options, signal: AbortSignal): Promise<undefined> {
  const patterns = (paths.length === 0 ? PRODUCT : paths).map(pattern).join(",");
  const { code, stdout, stderr } = await runChild(
    // The tests expect the umask of a person's shell, not the closed one of our children.
    "sh",
    ["-c", 'umask 022 && exec "$0" "$@"', STRYKER, "run", "dev/mutation/stryker.config.mjs", "--mutate", patterns],
    {
      cwd: REPOSITORY,
      env: { ...process.env, MUTATION_SEED: String(seed), MUTATION_SHARE: String(share) },
      group: true,
      signal,
    },
  );
  if (code !== 0) throw new Stop("failed", `Stryker failed:\n${stdout}${stderr}`);
  console.log(summary(reportSchema.parse(JSON.parse(readFileSync(REPORT, "utf8")))));
}

function pattern(path: string): string {
  return statSync(join(REPOSITORY, path)).isDirectory() ? `${path.replace(/\/$/, "")}/**/*.ts` : path;
}

/** Each change that no test noticed, a line each; then how many were noticed. */
function summary({ files }: Report): string {
  const tried = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter(({ status }) => status !== "CompileError" && status !== "Ignored")
      .map((mutant) => ({ ...mutant, line: `${file}:${mutant.location.start.line}  ${change(source, mutant)}` })),
  );
  const missed = tried.filter(({ status }) => status !== "Killed" && status !== "Timeout");
  const share = tried.length === 0 ? 1 : 1 - missed.length / tried.length;
  return [
    ...missed.map(({ line, status }) => (status === "NoCoverage" ? `${line}  (no fast test runs this)` : line)),
    `${tried.length - missed.length} of ${tried.length} changes were noticed (${(share * 100).toFixed(0)} %).`,
  ].join("\n");
}

function change(source: string, { location: { start, end }, replacement }: Mutant): string {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const [first = "", last = ""] = [lines[0], lines.at(-1)];
  const original =
    lines.length === 1
      ? first.slice(start.column - 1, end.column - 1)
      : [first.slice(start.column - 1), ...lines.slice(1, -1), last.slice(0, end.column - 1)].join("\n");
  return `${excerpt(original)} → ${excerpt(replacement)}`;
}

function excerpt(text: string): string {
  const line = oneLine(text);
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0) return value;
  throw new InvalidArgumentError(`It must be a number above 0, got: "${text}".`);
}
