import pc from "picocolors";
import type { PreflightResult } from "../steps/preflight.ts";

const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);

/** For people: a line for each rule, and below one that refuses why and what to do. */
export function reportPreflight(environment: string, results: readonly PreflightResult[]): string {
  const refusals = results.flatMap((result) => result.refusals);
  const lines = results.flatMap(({ title, refusals: refused }) => [
    `  ${refused.length === 0 ? colors.green("✔") : colors.red("✘")} ${title}`,
    ...refused.flatMap(({ reason, remedy }) => [`      ${reason}`, `      ${colors.cyan("→")} ${remedy}`]),
  ]);
  const verdict =
    refusals.length === 0
      ? colors.green("a deploy can begin")
      : colors.red(`refused: ${refusals.length} ${refusals.length === 1 ? "reason" : "reasons"}; nothing was changed`);
  return [colors.bold(`${environment}: before anything changes`), ...lines, verdict, ""].join("\n");
}
