import { z } from "zod";
import type { CheckResult } from "../checks/report.ts";

/** What a check found of an instance at one moment. */
export type Judged = CheckResult;

/** How many samples in a row it takes. */
export interface Patience {
  /** Failed, until an alarm begins. */
  readonly begin: number;
  /** Passed, until it is over. */
  readonly end: number;
  /** Only a warning, until it is over: between the two limits of a check a value may stay for long, or come back. */
  readonly calm: number;
}

/** At 15 seconds from sample to sample: half a minute, a minute, a quarter of an hour. */
export const PATIENCE: Patience = { begin: 3, end: 4, calm: 60 };
/** For one sample alone, as a timer of the system takes it. */
export const AT_ONCE: Patience = { begin: 1, end: 1, calm: 60 };

/** An alarm that has begun and is not over. */
export const alarmSchema = z.object({ id: z.string(), since: z.iso.datetime(), calm: z.int().min(0).default(0) });
export type Alarm = z.output<typeof alarmSchema>;

/** What is to be told: once when it begins, once when it is over. */
export interface AlarmEvent {
  readonly event: "begin" | "end";
  /** When the alarm began; for one that is over, too. */
  readonly since: string;
  readonly at: string;
  readonly result: Judged;
}

interface Course {
  failed: number;
  passed: number;
  calm: number;
  since: string | undefined;
}

/**
 * The alarms of one instance. A check that fails for long enough begins one; it is over once the check passes for long enough. In
 * between, and while nothing can be established, it stays as it is: a value that swings around a limit is told once.
 */
export class Alarms {
  readonly #patience: (check: string) => Patience;
  /** As many as there are checks. */
  readonly #courses = new Map<string, Course>();

  constructor(open: readonly Alarm[] = [], patience: (check: string) => Patience = () => PATIENCE) {
    this.#patience = patience;
    for (const { id, since, calm } of open) this.#courses.set(id, { failed: 0, passed: 0, calm, since });
  }

  /** Takes what the checks found in one sample. */
  judge(results: readonly Judged[], now: Date): AlarmEvent[] {
    return results.flatMap((result) => {
      const course = this.#courses.get(result.id) ?? { failed: 0, passed: 0, calm: 0, since: undefined };
      this.#courses.set(result.id, course);
      return step(course, result, this.#patience(result.id), now.toISOString());
    });
  }

  get open(): Alarm[] {
    return [...this.#courses].flatMap(([id, { since, calm }]) => (since === undefined ? [] : [{ id, since, calm }]));
  }
}

function step(course: Course, result: Judged, patience: Patience, at: string): AlarmEvent[] {
  const { status } = result;
  if (status === "unknown") return [];
  course.failed = status === "fail" ? course.failed + 1 : 0;
  course.calm = status === "warn" ? course.calm + 1 : 0;
  course.passed = status === "pass" || status === "skip" ? course.passed + 1 : 0;
  const { since } = course;
  if (since === undefined) {
    if (course.failed < patience.begin) return [];
    course.since = at;
    return [{ event: "begin", since: at, at, result }];
  }
  if (course.passed < patience.end && course.calm < patience.calm) return [];
  course.since = undefined;
  return [{ event: "end", since, at, result }];
}
