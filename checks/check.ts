import type { KeyValue } from "../render/api/endpoints.ts";
import { type ExpectedInstance, isCache } from "../render/instance.ts";
import type { Role } from "../render/spellings.ts";
import type { Look } from "../vantage/vantage.ts";
import type { NamesSeen } from "./observation/names.ts";
import type { Experiment, Observation } from "./observation/observation.ts";
import type { ServiceSeen } from "./observation/service.ts";
import type { Result } from "./report.ts";

/** All that a check may judge by. */
export interface CheckContext {
  /** What the instance should be. */
  readonly expected: ExpectedInstance;
  /** What Render's API says it is. */
  readonly instance: KeyValue;
  /** What was seen of the running Redis, or why nothing was. */
  readonly look: Look<Observation>;
  /** What was seen of the service; `undefined` when none is known. */
  readonly service?: ServiceSeen | undefined;
  /** What is verified, by its key in the environment's file, where it has several instances or services. */
  readonly key?: string | undefined;
  /** What else has the names of the instance and of the service's group, where a check asks for it. */
  readonly names: { readonly instance: NamesSeen | undefined; readonly group: NamesSeen | undefined };
  /** Whether the instance is filled to prove that it never evicts. In a deploy it is only where it is new. */
  readonly prove: "no" | "by hand" | "in a deploy";
  /** Percent of the memory limit from which its use is a warning, and a failure. */
  readonly memoryUse: { readonly warnPercent: number; readonly failPercent: number };
}

/** One provable statement about the running system. A new check is an entry in its file of `catalogue/`, and in `all-checks.ts`. */
export interface Check {
  /** A name for people and machines, as in `eviction-policy`. */
  readonly id: string;
  readonly title: string;
  /** What is certain once it passed. */
  readonly proves: string;
  /** What it is about, when that is not the Redis itself. */
  readonly about?: "service" | "names";
  /** What is looked at for it alone; `core` is the pipeline by whose answers most others judge, too. */
  readonly observes?: Experiment | "core" | "health";
  /** The field of the instance that the running server follows only once an update has restarted it. */
  readonly follows?: "plan" | "eviction policy" | "persistence";
  /** What an instance must be for, for the check to apply. Default either. */
  readonly role?: Role;
  /** Why the check says nothing about this instance, if it does not. */
  skip?(context: CheckContext): string | undefined;
  run(context: CheckContext): Result;
}

/** Whether a check applies to an instance of that role, and so is looked for. */
export function isAsked({ role }: Check, expected: ExpectedInstance): boolean {
  return role === undefined || (role === "cache") === isCache(expected);
}

/** What a check finds, or why it does not apply. */
export function resultOf(check: Check, context: CheckContext): Result {
  const reason = isAsked(check, context.expected) ? check.skip?.(context) : "the environment calls it a cache";
  return reason === undefined ? check.run(context) : { status: "skip", reason };
}
