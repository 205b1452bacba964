import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The oldest Node that a backend may still run. */
const TARGET = "node18";

/** The probe as one plain script. */
export async function buildProbe(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("./probe.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "iife",
    target: TARGET,
    minify: true,
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}
