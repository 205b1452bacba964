import type { Delivered } from "./load.ts";
import type { Stage } from "./stage.ts";
import type { Outage, Tally } from "./tally.ts";

/** What a drill did: what it brought to the backend, and when Redis was away. */
export interface DrillRecord {
  readonly messages: readonly Delivered[];
  /** Sent synchronously while nothing was wrong. */
  readonly baseline: readonly Delivered[];
  readonly outage: Outage | undefined;
  /** What else is worth knowing, a line each. */
  readonly notes: readonly string[];
}

export interface DrillResult extends Tally {
  readonly missed: readonly string[];
  readonly notes: readonly string[];
}

export interface DrillOptions {
  /** Seconds that Redis is away. */
  readonly seconds: number;
  readonly say: (line: string) => void;
  /** Is given the stage once it is set, for a live view. */
  readonly onStage: (stage: Stage) => void;
}

/** One rehearsal of something that goes wrong, or is done on purpose, while messages come in. */
export interface Drill {
  readonly title: string;
  readonly run: (options: DrillOptions) => Promise<DrillResult>;
}
