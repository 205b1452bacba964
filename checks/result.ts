/**
 * - `pass`: proved.
 * - `warn`: proved, and worth a look.
 * - `fail`: disproved.
 * - `unknown`: could not be established; never as good as `pass`.
 * - `skip`: does not apply here, for the reason given.
 */
export const STATUSES = ["pass", "warn", "fail", "unknown", "skip"] as const;

export type Status = (typeof STATUSES)[number];

/** What a check looked at. Written for people; holds no secret. */
export interface Evidence {
  readonly expected: string;
  readonly actual: string;
  /** Where `actual` was read: `INFO memory`. */
  readonly source: string;
}

/** What a check found. */
export type Finding =
  | { readonly status: "pass"; readonly evidence: Evidence }
  | { readonly status: "warn" | "fail"; readonly evidence: Evidence; readonly remedy: string }
  | {
      readonly status: "unknown";
      readonly reason: string;
      readonly remedy: string;
      readonly evidence?: Evidence | undefined;
    }
  | { readonly status: "skip"; readonly reason: string };

export function pass(evidence: Evidence): Finding {
  return { status: "pass", evidence };
}

export function warn(evidence: Evidence, remedy: string): Finding {
  return { status: "warn", evidence, remedy };
}

export function fail(evidence: Evidence, remedy: string): Finding {
  return { status: "fail", evidence, remedy };
}

export function unknown(reason: string, remedy: string, evidence?: Evidence): Finding {
  return { status: "unknown", reason, remedy, ...(evidence === undefined ? {} : { evidence }) };
}
