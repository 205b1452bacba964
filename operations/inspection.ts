import { z } from "zod";
import { FAILURE_KINDS } from "../redis/explanations.ts";
import { JOB_STATES, QUEUE_LAYOUTS } from "../redis/queue-keys.ts";

const count = z.number().min(0);
const bytes = z.number().min(0);
const db = z.int().min(0);

/** What an inspection found: plain data, without a judgement. */
export const inspectionSchema = z.object({
  takenAt: z.iso.datetime(),
  tookMs: count,
  /** Commands that this user may not run. */
  refused: z.array(z.string()),
  /** Of all keys, of some, or guessed where `MEMORY USAGE` is refused. */
  sizes: z.enum(["exact", "sampled", "estimated"]),
  /** Fewer are seen than there are when time was up. */
  keys: z.object({ total: count, seen: count }),
  /** From INFO; absent where that is refused. */
  memory: z
    .object({ used: bytes, limit: bytes, dataset: bytes.optional(), clients: bytes, policy: z.string().optional() })
    .optional(),
  /** What a small write brought: a full server answers PING all the same. */
  write: z.union([z.literal("OK"), z.enum(FAILURE_KINDS)]),
  queues: z.array(
    z.object({
      db,
      name: z.string(),
      library: z.enum(QUEUE_LAYOUTS),
      /** `BullMQ 6` */
      version: z.string(),
      states: z.array(z.object({ state: z.enum(JOB_STATES), jobs: count, bytes })),
      /** Seconds that the oldest job has waited. */
      oldestWaitingSeconds: count.optional(),
      /** Bytes of the stream in which BullMQ keeps what happened. */
      events: bytes,
    }),
  ),
  /** Keys by their names, in which `*` stands for ids. `lasting` is how many have no time to live. */
  groups: z.array(z.object({ db, pattern: z.string(), keys: count, bytes, lasting: count })),
  largest: z.array(z.object({ db, key: z.string(), bytes })),
  /** By CLIENT LIST, the largest first; absent where that is refused. */
  clients: z.array(z.object({ name: z.string(), address: z.string(), command: z.string(), bytes })).optional(),
});

export type Inspection = z.output<typeof inspectionSchema>;
