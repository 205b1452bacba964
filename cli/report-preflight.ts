import { type Consequence, KIND_TITLES } from "../pipeline/review/rules/consequence.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import { colors } from "../runtime/colors.ts";
import { oneLine } from "../runtime/text.ts";
import type { PreflightResult, Running } from "../steps/preflight.ts";

/** What a deploy does to an instance: the first lines that whoever deploys without a review sees. */
export function formatDeploy(
  { environment, name }: ExpectedInstance,
  now: Running,
  consequences: readonly Consequence[],
  missing: readonly string[],
): string {
  const id = "instance" in now && now.instance !== undefined ? ` (${now.instance.id})` : "";
  const says = consequences.map(
    ({ kind, consequence }) => `  ${colors.bold(KIND_TITLES[kind])}: ${oneLine(consequence)}`,
  );
  const nothing = "unknown" in now ? `  unknown: ${oneLine(now.unknown)}` : "  no change";
  const tokens = missing.join(" ");
  const refused = [
    colors.red(`Refused: ${tokens} is not acknowledged. Nothing was changed.`),
    `  ${colors.cyan("→")} Have it reviewed: npm run plan -- ${environment}. Or accept it: export RENDER_REDIS_ACK='${tokens}'`,
  ];
  const lines = [
    colors.bold(`What this deploy does to ${oneLine(name)}${id}`),
    ...(says.length === 0 ? [nothing] : says),
    ...(missing.length === 0 ? [] : refused),
  ];
  return `${lines.join("\n")}\n`;
}

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
