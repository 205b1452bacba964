import { parseRedisUrl } from "../redis/address.ts";
import { RedisFailure } from "../redis/failure.ts";
import { internalUrl } from "../render/internal-url.ts";
import { within } from "../runtime/wait.ts";
import { toLines } from "./lines.ts";

/** What a script inside is told. No secret: Render shows a job's command. */
export interface ProbeTask<Task> {
  readonly instanceId: string;
  /** Milliseconds for everything. */
  readonly withinMs: number;
  readonly task: Task;
}

/**
 * Runs a program inside, as a one-off job. Its task is on the command line; it prints its answer, in lines that no log breaks.
 */
export async function runProbe<Task>(
  look: (
    url: string,
    task: Task,
    options: { readonly signal: AbortSignal; readonly withinMs: number },
  ) => Promise<unknown>,
): Promise<void> {
  const { instanceId, withinMs, task }: ProbeTask<Task> = JSON.parse(process.argv[1] ?? "");
  const url = urlFrom(instanceId, process.env.REDIS_URL);
  const answer = await within(withinMs, (signal) => look(url, task, { signal, withinMs })).then(
    (seen) => ({ seen }),
    (error: unknown) => ({ failure: RedisFailure.fromSocket(error).kind }),
  );
  for (const line of toLines(answer)) console.log(line);
}

/** @param own The service's `REDIS_URL`: with internal authentication on, only its own variables know the password. */
export function urlFrom(instanceId: string, own: string | undefined): string {
  try {
    if (own !== undefined && parseRedisUrl(own).host === instanceId) return own;
  } catch {
    // Some other service's URL.
  }
  return internalUrl(instanceId);
}
