import type { Reply } from "./resp.ts";
import type { Sender } from "./session.ts";

/** What becomes of a job, in one word for all libraries. Completed and failed jobs are kept only where nobody removes them. */
export const JOB_STATES = [
  ...(["waiting", "prioritized", "delayed", "children", "paused", "active", "completed", "failed"] as const),
];
export type JobState = (typeof JOB_STATES)[number];

/** Libraries by how they name their keys: Bull and BullMQ do it alike. */
export const QUEUE_LAYOUTS = ["bull", "celery", "dramatiq", "rq", "sidekiq"] as const;
export type QueueLayout = (typeof QUEUE_LAYOUTS)[number];

/** A key that holds the jobs of a queue that are in one state, or their ids. */
export interface QueueKey {
  readonly library: QueueLayout;
  /** What all keys of the queue begin with: `bull:mail`. */
  readonly base: string;
  /** `mail` */
  readonly queue: string;
  readonly state: JobState;
  readonly key: string;
  readonly type: "list" | "zset" | "hash";
}

/** Where Bull 4, BullMQ 5 and BullMQ 6 keep jobs. BullMQ 6 has no `paused`, Bull no `prioritized` and no children. */
const BULL: Readonly<Record<string, readonly [JobState, QueueKey["type"]]>> = {
  wait: ["waiting", "list"],
  paused: ["paused", "list"],
  active: ["active", "list"],
  delayed: ["delayed", "zset"],
  prioritized: ["prioritized", "zset"],
  "waiting-children": ["children", "zset"],
  completed: ["completed", "zset"],
  failed: ["failed", "zset"],
};
const BULL_KEY = /^([^:]+:.+):([^:]+)$/;
/** The id of a job, unless somebody chose it. */
const JOB_ID = /^(\d+|[\da-f]{8}-[\da-f-]{27})$/i;

const OTHERS: readonly (readonly [library: QueueLayout, key: RegExp, type: QueueKey["type"], state: JobState])[] = [
  ["rq", /^rq:queue:(.+)$/, "list", "waiting"],
  ["sidekiq", /^queue:(.+)$/, "list", "waiting"],
  ["dramatiq", /^dramatiq:([^.]+(?:\.DQ)?)$/, "list", "waiting"],
  // What Celery's workers have not confirmed.
  ["celery", /^(unacked)$/, "hash", "active"],
];

/** Celery lists its queues here; the jobs of one are in a list of the queue's name. */
const CELERY = /^_kombu\.binding\./;
const CELERY_SEPARATOR = "\u0006\u0016";

/** Queues that are looked for, so that names without end cost no memory without end. */
const MOST_BASES = 5_000;

/** Finds the queues of Bull, BullMQ, Celery, RQ, Sidekiq and dramatiq by the keys of a server. */
export class QueueSearch {
  readonly #bases = new Set<string>();
  readonly #found = new Map<string, QueueKey>();
  readonly #bindings = new Set<string>();

  /** Looks at a key's name. A job's tells of its queue, too. */
  add(key: string): void {
    const [, base = "", part = ""] = BULL_KEY.exec(key) ?? [];
    if (this.#bases.has(base)) return;
    for (const [library, form, type, state] of OTHERS) {
      const queue = form.exec(key)?.[1];
      if (queue !== undefined) return void this.#found.set(key, { library, base: key, queue, state, key, type });
    }
    if (CELERY.test(key)) this.#bindings.add(key);
    else if (base !== "" && (part in BULL || JOB_ID.test(part)) && this.#bases.size < MOST_BASES) this.#bases.add(base);
  }

  /** What there is of them: each key exists, and is of the right type. */
  async find(sender: Sender): Promise<QueueKey[]> {
    const bindings = await sender.send([...this.#bindings].map((key) => ["SMEMBERS", key]));
    const celery = bindings.flatMap(textsIn).map((binding) => {
      const key = binding.split(CELERY_SEPARATOR).at(-1) ?? "";
      return { library: "celery", base: key, queue: key, state: "waiting", key, type: "list" } as const;
    });
    const found: QueueKey[] = [];
    const candidates = [...this.#found.values(), ...celery];
    for (const base of this.#bases) {
      const queue = base.slice(base.indexOf(":") + 1);
      for (const [part, [state, type]] of Object.entries(BULL)) {
        candidates.push({ library: "bull", base, queue, state, key: `${base}:${part}`, type });
      }
    }
    for (let at = 0; at < candidates.length; at += TYPES_AT_ONCE) {
      const some = candidates.slice(at, at + TYPES_AT_ONCE);
      const types = await sender.send(some.map(({ key }) => ["TYPE", key]));
      found.push(...some.filter(({ type }, index) => types[index] === type));
    }
    return [...new Map(found.map((each) => [each.key, each])).values()];
  }
}

const TYPES_AT_ONCE = 200;

export function listIn(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

export function textsIn(reply: Reply | undefined): string[] {
  return listIn(reply).filter((item) => typeof item === "string");
}
