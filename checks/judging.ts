import { z } from "zod";
import { explain, type FailureKind } from "../redis/explanations.ts";
import { parseInfo } from "../redis/info.ts";
import { whereIdIsSet } from "../render/service.ts";
import type { Check, CheckContext } from "./check.ts";
import type { Experiment, Observation } from "./observation/observation.ts";
import type { ServiceState } from "./observation/service.ts";
import type { Result } from "./report.ts";
import { unknown } from "./result.ts";

/** What cannot be seen, and so cannot be judged: why, and what would help. */
export class Unseen {
  readonly reason: string;
  readonly remedy: string;

  constructor({ reason, remedy }: { readonly reason: string; readonly remedy: string }) {
    this.reason = reason;
    this.remedy = remedy;
  }

  get result(): Result {
    return unknown(this.reason, this.remedy);
  }
}

/** What a check looks at, taken from all that was gathered. */
export type Sight<Seen> = (context: CheckContext) => Seen | Unseen;

/** The `run` of a check that judges what it sees, and is unknown as long as that cannot be seen. */
export function judging<Seen>(see: Sight<Seen>, judge: (seen: Seen, context: CheckContext) => Result): Check["run"] {
  return (context) => {
    const seen = see(context);
    return seen instanceof Unseen ? seen.result : judge(seen, context);
  };
}

/** The running Redis. */
export const redis: Sight<Observation> = ({ look }) => {
  return "seen" in look ? look.seen : new Unseen(look.obstacle);
};

/** The outcome of one experiment. */
export function experiment<Name extends Experiment>(name: Name): Sight<NonNullable<Observation[Name]>> {
  return (context) => {
    const seen = redis(context);
    return seen instanceof Unseen
      ? seen
      : (seen[name] ?? new Unseen({ reason: "it was not tried", remedy: "Run the checks again." }));
  };
}

/** Fields of `INFO`, when it is answered and has all of them. */
export function info<Fields extends z.ZodRawShape>(fields: Fields): Sight<z.output<z.ZodObject<Fields>>> {
  const schema = z.object(fields);
  return (context) => {
    const seen = redis(context);
    if (seen instanceof Unseen) return seen;
    const answer = seen.core.info;
    if ("failure" in answer) return notAnswered("INFO", answer.failure);
    const parsed = schema.safeParse(parseInfo(String(answer.reply ?? "")));
    if (parsed.success) return parsed.data;
    const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join(".")))];
    const remedy = "The server hides or renames fields of INFO: ask Render's support what it runs.";
    return new Unseen({ reason: `INFO has no usable ${names.join(", ")}`, remedy });
  };
}

/** A whole number in a field of `INFO`. */
export const count = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(Number);

/** The service that uses the Redis. */
export const service: Sight<ServiceState> = ({ service: seen, key }) => {
  const { field, variable } = whereIdIsSet(key);
  const remedy = `Set ${field}, or ${variable}, to the service's id.`;
  if (seen === undefined) return new Unseen({ reason: "no service is known", remedy });
  return "state" in seen ? seen.state : new Unseen(seen.obstacle);
};

/** A command that was not answered, where that says nothing about the Redis itself. */
export function notAnswered(command: string, failure: FailureKind): Unseen {
  const { what, remedy } = explain(failure);
  return new Unseen({ reason: `${command}: ${what} (${failure})`, remedy });
}
