import { z } from "zod";

const milliseconds = z.coerce.number().int().min(1);

/**
 * Everything that the backend is told from outside.
 *
 * The guide falls back to `redis://localhost:6379` where `REDIS_URL` is missing. In production nothing listens there,
 * and the mistake looks like an outage; here no URL means no queue, and the log says so.
 */
const environment = z.object({
  PORT: z.coerce.number().int().default(10_000),
  /** Where it listens. On Render, everywhere, which Render asks for; elsewhere on this machine only. */
  HOST: z.string().optional(),
  RENDER: z.string().optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "must be a redis:// or rediss:// address" }).optional(),
  /** Whether messages go through the queue. Off: they are sent at once, and waiting jobs are still processed. */
  ENABLE_QUEUES: z.stringbool({ error: 'must be "true" or "false"' }).default(false),
  /** Jobs of one queue at a time. 500 messages a minute with a provider that takes a second need nine. */
  QUEUE_CONCURRENCY: z.coerce.number().int().min(1).default(10),
  /** Milliseconds until a queue that does not answer counts as down, and the message is sent at once. */
  QUEUE_ADD_TIMEOUT_MS: milliseconds.default(150),
  /** Where it is recorded what was sent. An application has a database for that. */
  DATA_DIRECTORY: z.string({ error: "is not set: a directory that the old and the new process share" }).min(1),
  /** Who sends the messages; without it, sending is simulated. */
  PROVIDER_URL: z.url().optional(),
});

export type Settings = z.output<typeof environment>;

/** @throws Error naming each variable that is wrong; never a value, because URLs hold passwords. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const parsed = environment.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("\n"));
}
