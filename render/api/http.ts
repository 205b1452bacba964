import { z } from "zod";

/** Milliseconds of `Retry-After`: seconds, as Render sends it, or a date. */
export function retryAfterMs(response: Response): number {
  const header = response.headers.get("retry-after");
  if (header === null) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/** Node puts the reason of a failed fetch (`ECONNREFUSED`, `ENOTFOUND`) into the error's cause. */
export function networkCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const named = z.object({ code: z.string() }).safeParse(cause);
  return named.success ? `no connection (${named.data.code})` : "no connection";
}
