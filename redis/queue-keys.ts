import type { Connection } from "./connection.ts";
import type { Reply } from "./resp.ts";
import { ask } from "./session.ts";

/** What becomes of a job, in one word for all libraries. Completed and failed jobs are kept only where nobody removes them. */
export type JobState =
  | "waiting"
  | "prioritized"
  | "delayed"
  | "children"
  | "paused"
  | "active"
  | "completed"
  | "failed";

/** Bull and BullMQ name their keys alike: see {@link Queue.version}. */
export type QueueLibrary = "bull" | "celery" | "dramatiq" | "rq" | "sidekiq";

/** A key that holds the jobs of a queue that are in one state, or their ids. */
export interface QueueKey {
  readonly library: QueueLibrary;
  /** What all keys of the queue begin with: `bull:mail`. */
  readonly base: string;
  /** `mail` */
  readonly queue: string;
  readonly state: JobState;
  readonly key: string;
  readonly type: "list" | "zset" | "hash";
}

const STATES: Readonly<Record<string, JobState>> = { wait: "waiting", "waiting-children": "children" };

/** The key, with the base and the queue's name in it. A state is in it, too, or is always the same. */
const LAYOUTS: readonly (readonly [library: QueueLibrary, key: RegExp, type: QueueKey["type"], state?: JobState])[] = [
  ["bull", /^([^:]+:(.+)):(wait|active|paused)$/, "list"],
  ["bull", /^([^:]+:(.+)):(delayed|prioritized|waiting-children|completed|failed)$/, "zset"],
  ["rq", /^(rq:queue:(.+))$/, "list", "waiting"],
  ["sidekiq", /^(queue:(.+))$/, "list", "waiting"],
  ["dramatiq", /^(dramatiq:([^.]+(?:\.DQ)?))$/, "list", "waiting"],
  // What Celery's workers have not confirmed.
  ["celery", /^((unacked))$/, "hash", "active"],
];

/** The command that counts the jobs in a key of a type. */
export const COUNTS = { list: "LLEN", zset: "ZCARD", hash: "HLEN" } as const;

/** Celery lists its queues here; the jobs of one are in a list of the queue's name. */
const CELERY = /^_kombu\.binding\./;
const CELERY_SEPARATOR = "\u0006\u0016";

/**
 * The keys with jobs that a key tells of: itself by its name, or several where it lists queues. Another kind of value may stand
 * under such a name: compare its type.
 */
export async function queueKeysAt(connection: Connection, key: string): Promise<QueueKey[]> {
  if (CELERY.test(key)) {
    const bindings = textsIn(await ask(connection, "SMEMBERS", key));
    return bindings.map((binding) => {
      const queue = binding.split(CELERY_SEPARATOR).at(-1) ?? "";
      return { library: "celery", base: queue, queue, state: "waiting", key: queue, type: "list" };
    });
  }
  return LAYOUTS.flatMap(([library, form, type, always]) => {
    const [, base, queue, part = ""] = form.exec(key) ?? [];
    if (base === undefined || queue === undefined) return [];
    const state = always ?? STATES[part] ?? (part as JobState);
    return [{ library, base, queue, state, key, type }];
  });
}

export function listIn(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

export function textsIn(reply: Reply | undefined): string[] {
  return listIn(reply).filter((item) => typeof item === "string");
}
