import { readKnownIds } from "../render/terraform-state.ts";
import { type Intent, preflight } from "../steps/preflight.ts";
import { PREFLIGHT_CALL_MS } from "./preflight-intent.ts";
import type { Ending, Program } from "./program.ts";
import { connectionOf } from "./render-connection.ts";
import { formatPreflight } from "./report-preflight.ts";

/** Seconds for all calls: many more than they take one after the other where each is slow. */
const PREFLIGHT_SECONDS = 180;

/** Asks Render whether what is meant can be deployed, and prints what it says. @param directory The stack's. */
export async function judge(intent: Intent, directory: string, program: Program): Promise<Ending> {
  program.limit(PREFLIGHT_SECONDS);
  const stack = { directory, known: () => readKnownIds(directory) };
  const { target, results } = await preflight(connectionOf(program)(PREFLIGHT_CALL_MS), intent, stack);
  process.stdout.write(formatPreflight(intent.redis.environment, target, results));
  const refusals = results.flatMap((result) => result.refusals);
  if (refusals.some(({ unknown }) => !unknown)) return "failed";
  return refusals.length > 0 ? "unknown" : "good";
}
