import { colors } from "../runtime/colors.ts";
import { oneLine } from "../runtime/text.ts";
import type { PreflightResult } from "../steps/preflight.ts";

/** For people: a line for each rule, and below one that refuses why and what to do. */
export function formatPreflight(environment: string, target: string, results: readonly PreflightResult[]): string {
  const refusals = results.flatMap((result) => result.refusals);
  const lines = results.flatMap(({ title, skipped, refusals: refused }) => {
    if (skipped !== undefined) return [`  ${colors.dim(`- ${title}: does not apply, ${skipped}`)}`];
    const isUnknown = refused.every(({ unknown }) => unknown);
    const sign = refused.length === 0 ? colors.green("✔") : isUnknown ? colors.yellow("?") : colors.red("✘");
    const reasons = refused.flatMap(({ reason, remedy }) => [
      `      ${oneLine(reason)}`,
      `      ${colors.cyan("→")} ${oneLine(remedy)}`,
    ]);
    return [`  ${sign} ${oneLine(title)}`, ...reasons];
  });
  const verdict =
    refusals.length === 0
      ? colors.green("a deploy can begin")
      : refusals.every(({ unknown }) => unknown)
        ? colors.yellow("not established; nothing was changed")
        : colors.red(
            `refused: ${refusals.length} ${refusals.length === 1 ? "reason" : "reasons"}; nothing was changed`,
          );
  return [colors.bold(`Preflight for ${environment}`), `  ${colors.dim(target)}`, ...lines, verdict, ""].join("\n");
}
