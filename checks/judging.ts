import { z } from "zod";
import type { FailureKind } from "../redis/failure.ts";
import { explain } from "../redis/failure-explanations.ts";
import { parseInfo } from "../redis/info.ts";
import type { Check, CheckContext } from "./check.ts";
import { type Finding, unknown } from "./finding.ts";
import type { Answer, Experiment, Observation } from "./observation/observation.ts";

/** A whole number in a field of `INFO`. */
export const count = z.string().regex(/^\d+$/).transform(Number);

/** The `run` of a check that judges the running Redis: unknown as long as nobody could look at it. */
export function observing(
  judge: (observation: Observation, context: CheckContext) => Finding | Promise<Finding>,
): Check["run"] {
  return (context) => {
    const { live } = context;
    if ("observation" in live) return judge(live.observation, context);
    return unknown(live.obstacle.reason, live.obstacle.remedy);
  };
}

/** The `run` of a check that judges one experiment. */
export function trying<Name extends Experiment>(
  experiment: Name,
  judge: (seen: NonNullable<Observation[Name]>, context: CheckContext) => Finding,
): Check["run"] {
  return observing((observation, context) => {
    const seen = observation[experiment];
    return seen == null ? unknown("it was not tried", "Run the checks again.") : judge(seen, context);
  });
}

/** The `run` of a check that judges fields of `INFO`: unknown when INFO is refused, or lacks one of them. */
export function readingInfo<Fields extends z.ZodObject>(
  fields: Fields,
  judge: (info: z.output<Fields>, context: CheckContext) => Finding,
): Check["run"] {
  return observing((observation, context) => {
    const info = readInfo(observation.core.info, fields);
    return "missing" in info ? info.missing : judge(info.fields, context);
  });
}

/** Fields of `INFO`, or the finding that says which could not be read. */
export function readInfo<Fields extends z.ZodObject>(
  info: Answer,
  fields: Fields,
): { readonly fields: z.output<Fields> } | { readonly missing: Finding } {
  if ("failure" in info) return { missing: unanswered("INFO", info.failure) };
  const parsed = fields.safeParse(parseInfo(String(info.reply ?? "")));
  if (parsed.success) return { fields: parsed.data };
  const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join(".")))];
  const remedy = "The server hides or renames fields of INFO: ask Render's support what it runs.";
  return { missing: unknown(`INFO has no usable ${names.join(", ")}`, remedy) };
}

/** The finding about a command that was not answered, where that says nothing about the Redis itself. */
export function unanswered(command: string, failure: FailureKind): Finding {
  const { what, remedy } = explain(failure);
  return unknown(`${command}: ${what} (${failure})`, remedy);
}
