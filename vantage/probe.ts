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
  const url = urlFrom(instanceId, Object.values(process.env));
  const answer = await within(withinMs, (signal) => look(url, task, { signal, withinMs })).then(
    (seen) => ({ seen }),
    (error: unknown) => ({ failure: RedisFailure.fromSocket(error).kind }),
  );
  for (const line of toLines(answer)) console.log(line);
}

/** @param variables The service's own: with internal authentication on, only one of these knows the password. */
export function urlFrom(instanceId: string, variables: readonly (string | undefined)[]): string {
  return variables.find((value) => value !== undefined && hostOf(value) === instanceId) ?? internalUrl(instanceId);
}

function hostOf(url: string): string | undefined {
  try {
    return parseRedisUrl(url).host;
  } catch {
    return undefined;
  }
}
