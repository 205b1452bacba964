import type { Experiment } from "../checks/observation/observation.ts";

/** What the probe is told. No secret: Render shows a job's command. */
export interface ProbeTask {
  readonly instanceId: string;
  /** Milliseconds for everything. */
  readonly withinMs: number;
  readonly experiments: readonly Experiment[];
}

/** How the probe's lines begin, among whatever else a job logs. */
export const LINE_PREFIX = "render-redis-check";
/** Log pipelines break or cut long lines. */
export const LINE_LENGTH = 900;
