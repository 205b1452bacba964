import { buildScript } from "../../vantage/build-script.ts";

/** The thread's program, with Bull, BullMQ and ioredis in it, as one plain script. */
export function buildWorker(): Promise<string> {
  return buildScript(new URL("./worker.ts", import.meta.url));
}
