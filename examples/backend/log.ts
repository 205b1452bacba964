const REPEAT_AFTER_MS = 10_000;

/** A line for operators, with the marks that they look for. */
export function log(mark: "✓" | "!" | "✗", text: string): void {
  console.log(`[${mark}] ${text}`);
}

/** What kind of error it is. Never the error itself: ioredis keeps the password in it. */
export function errorKind(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  if ("code" in error && typeof error.code === "string") return error.code;
  return /^([A-Z]{2,})\b/.exec(error.message)?.[1] ?? error.message.slice(0, 80);
}

/**
 * Bull leaves failures of some commands of its own unhandled, and Node then ends the process: with NOAUTH at every start. A
 * Redis that refuses is no reason to end.
 */
export function surviveRedis(onError: (error: Error) => void): void {
  process.on("unhandledRejection", (error) => {
    if (!(error instanceof Error && "command" in error)) throw error;
    onError(error);
  });
}

/** Logs errors that come by the thousand while Redis is away: each kind once, then every ten seconds. */
export function logErrors(of: string): (error: Error) => void {
  const last = new Map<string, number>();
  return (error) => {
    const kind = errorKind(error);
    if (Date.now() - (last.get(kind) ?? 0) < REPEAT_AFTER_MS) return;
    last.set(kind, Date.now());
    log("!", `Redis (${of}): ${kind}`);
  };
}
