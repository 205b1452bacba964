import { RenderClient, type RenderClientOptions } from "../render/api/client.ts";
import type { Program } from "./program.ts";

/** Connects a command to Render: an interruption ends its calls, and what they wait for is told. */
export function connectionOf({
  onInterruption,
}: Program): (deadlineMs: number, more?: Pick<RenderClientOptions, "askedOnce">) => RenderClient {
  const interrupted = new AbortController();
  onInterruption(() => interrupted.abort());
  const onWait = (text: string) => console.error(text);
  return (deadlineMs, more) =>
    RenderClient.fromEnvironment(process.env, { ...more, deadlineMs, signal: interrupted.signal, onWait });
}
