import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The thread's program, with Bull, BullMQ and ioredis in it, as one plain script. */
export async function buildWorker(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("./worker.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    minify: true,
    legalComments: "none",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}
