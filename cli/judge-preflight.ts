import { consequencesOf } from "../pipeline/deploy-review.ts";
import { acknowledgement } from "../pipeline/review/rules/consequence.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import { instanceAddress, readKnownIds } from "../render/terraform-state.ts";
import { type Intent, preflight, type Running } from "../steps/preflight.ts";
import { PREFLIGHT_CALL_MS } from "./preflight-intent.ts";
import type { Ending, Program } from "./program.ts";
import { connectionOf } from "./render-connection.ts";
import { formatDeploy, formatPreflight } from "./report-preflight.ts";

/** Seconds for all calls: many more than they take one after the other where each is slow. */
const PREFLIGHT_SECONDS = 180;

const NOTHING: Running = { instance: undefined };

/** Asks Render whether what is meant can be deployed, and prints what it says. @param directory The stack's. */
export async function judge(intent: Intent, directory: string, program: Program): Promise<Ending> {
  program.limit(PREFLIGHT_SECONDS);
  const stack = { directory, known: () => readKnownIds(directory) };
  const client = connectionOf(program)(PREFLIGHT_CALL_MS, { askedOnce: new Map() });
  const { target, results, now } = await preflight(client, intent, stack);
  const instances = Object.entries(intent.instances);
  const losses = instances.filter(([key, redis]) => tellDeploy(instanceAddress(key), redis, now[key] ?? NOTHING));
  process.stdout.write(formatPreflight(instances[0]?.[1].environment ?? "", target, results));
  const refusals = results.flatMap((result) => result.refusals);
  if (losses.length > 0 || refusals.some(({ unknown }) => !unknown)) return "failed";
  return refusals.length > 0 ? "unknown" : "good";
}

/**
 * Says first what the deploy does to the instance: whoever deploys without a review learns it only here.
 *
 * @returns Whether something would be lost that nobody has accepted to lose.
 */
function tellDeploy(address: string, redis: ExpectedInstance, now: Running): boolean {
  const consequences = "unknown" in now ? [] : consequencesOf(address, redis, now.instance);
  const given = (process.env.RENDER_REDIS_ACK ?? "").split(/[\s,]+/);
  const losses = consequences.filter(({ kind }) => kind === "data-loss").map(acknowledgement);
  const missing = [...new Set(losses)].filter((token) => !given.includes(token));
  process.stdout.write(formatDeploy(redis, now, consequences, missing));
  return missing.length > 0;
}
