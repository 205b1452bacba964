import type { RenderClient } from "../render/api/client.ts";
import { API, type Job } from "../render/api/endpoints.ts";
import { until } from "../runtime/wait.ts";

const POLL = { first: 500, longest: 2_000 } as const;
const OVER: readonly string[] = ["succeeded", "failed", "canceled"];

/**
 * A job's command with a variable, which all of it gets. It runs in a shell that it brings: Render runs the commands of some
 * images without one.
 *
 * @param value Of characters that mean nothing to a shell.
 */
export function withVariable(name: string, value: string, command: string): string {
  return inShell(`export ${name}=${value}; ${command}`);
}

/** A job's command in a shell that it brings. */
export function inShell(command: string): string {
  return `sh -c ${quoted(command)}`;
}

/** One word of a shell's line, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Follows a one-off job to its end: `succeeded`, `failed` or `canceled`; another status where Render says only when it ended.
 *
 * @returns `undefined` when the signal fires first.
 */
export function followJob(
  client: RenderClient,
  created: Job,
  { signal, onStatus }: { readonly signal: AbortSignal; readonly onStatus: (status: string) => void },
): Promise<Job | undefined> {
  let known: Job | undefined = created;
  let shown = "";
  return until(
    async () => {
      const job = known ?? (await client.call(API.getJob, { id: created.serviceId, jobId: created.id }));
      known = undefined;
      if (OVER.includes(job.status) || job.finishedAt) return job;
      if (job.status !== shown) onStatus(job.status);
      shown = job.status;
      return undefined;
    },
    { signal, ...POLL },
  );
}
