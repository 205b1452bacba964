import type { KeyValue } from "../render/api/key-value.ts";
import type { InstanceDescription } from "../render/instance-description.ts";
import type { Live } from "../vantage/live.ts";
import type { BackendSeen } from "./backend/observe-backend.ts";
import type { Finding } from "./finding.ts";
import type { Experiment } from "./observation/observation.ts";

/** All that a check may judge by. */
export interface CheckContext {
  /** What the instance should be. */
  readonly expected: InstanceDescription;
  /** What Render's API says it is. */
  readonly instance: KeyValue;
  /** What was seen of the running Redis, or why nothing was. */
  readonly live: Live;
  /** What was seen of the backend; `undefined` when none is known. */
  readonly backend?: BackendSeen | undefined;
  /** Whether the instance may be filled to prove that it never evicts. */
  readonly prove: boolean;
  /** Percent of the memory limit from which its use is a warning, and a failure. */
  readonly memoryUse: { readonly warnPercent: number; readonly failPercent: number };
}

/** One provable statement about the running system. A new check is one file, and one line in `all-checks.ts`. */
export interface Check {
  /** A name for people and machines, as in `eviction-policy`. */
  readonly id: string;
  readonly title: string;
  /** What is certain once it passed. */
  readonly proves: string;
  /** What it is about, when that is not the Redis itself. */
  readonly about?: "backend";
  /** What it judges beside the answers to the core pipeline. */
  readonly observes?: Experiment;
  /** `true`, or why the check says nothing about this instance. */
  applies(context: CheckContext): true | string;
  run(context: CheckContext): Finding | Promise<Finding>;
}

/** For `applies`: of a check that says something about every instance. */
export function always(): true {
  return true;
}
