import type { JobState } from "../redis/queue-keys.ts";
import { formatMemorySize } from "../render/memory-size.ts";

/** Jobs in one state of a queue, and what they take. */
export interface JobsFound {
  /** `mail` */
  readonly queue: string;
  /** `BullMQ 6` */
  readonly version: string;
  readonly state: JobState;
  readonly jobs: number;
  readonly bytes: number;
}

/** What a memory is used for, as far as it is known. Bytes. */
export interface MemoryFound {
  readonly used: number;
  /** Buffers of clients. */
  readonly clients: number;
  readonly jobs: readonly JobsFound[];
}

/** Something that takes a good part of the memory, and what to do about it. */
export interface Cause {
  /** `queue mail (BullMQ 6) keeps 120,000 completed jobs, 150 MB`. */
  readonly what: string;
  readonly remedy: string;
  readonly bytes: number;
  /** The setting that would free memory, and how much. */
  readonly setting?: string;
  readonly frees?: number;
}

/** Of the used memory. What takes less is not what filled it. */
const LEAST_SHARE = 0.1;
/** Finished jobs that are enough to look at. */
const ENOUGH_JOBS = 1_000;
const SETTINGS: Partial<Record<JobState, string>> = { completed: "removeOnComplete", failed: "removeOnFail" };

/** What fills a memory, the most first. Data of other kinds is not among it. */
export function causesOf({ used, clients, jobs }: MemoryFound): Cause[] {
  const causes = [...jobs.map((found) => causeOf(found)), ...(clients > 0 ? [slowClients(clients)] : [])];
  return causes.filter(({ bytes }) => bytes >= used * LEAST_SHARE).toSorted((one, other) => other.bytes - one.bytes);
}

/** What fills a memory most, and what to do about it, in sentences. */
export function largestCause(found: MemoryFound): string | undefined {
  const [cause] = causesOf(found);
  return cause && `${cause.what[0]?.toUpperCase()}${cause.what.slice(1)}. ${cause.remedy}`;
}

function causeOf({ queue, version, state, jobs, bytes }: JobsFound): Cause {
  const many = `${jobs.toLocaleString("en")} ${state} jobs, ${formatMemorySize(bytes)}`;
  const name = SETTINGS[state];
  if (name === undefined || !version.startsWith("Bull")) {
    const remedy = state === "active" ? "Look for jobs that never end." : "Run more workers, or add fewer jobs.";
    return { what: `queue ${queue} (${version}) has ${many}`, remedy, bytes };
  }
  const setting = `${name}: { count: ${ENOUGH_JOBS} }`;
  const frees = Math.round(bytes * Math.max(0, 1 - ENOUGH_JOBS / Math.max(1, jobs)));
  const what = `queue ${queue} (${version}) keeps ${many}`;
  if (frees === 0) return { what, remedy: "Put less into a job, and keep fewer of them.", bytes };
  const now = `queue.clean(0, ${jobs}, "${state}") removes those that are there`;
  return { what, remedy: `\`${setting}\` frees ${formatMemorySize(frees)}; ${now}.`, bytes, setting, frees };
}

function slowClients(bytes: number): Cause {
  const remedy = "Look for clients that read too slowly or send very large commands (CLIENT LIST, omem and qbuf).";
  return { what: `clients' buffers take ${formatMemorySize(bytes)}`, remedy, bytes };
}
