import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The oldest Node that a service may still run. */
const TARGET = "node18";

/** A program as one plain script, which needs no files: for a one-off job, or for a thread. */
export async function buildScript(entryPoint: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entryPoint)],
    bundle: true,
    platform: "node",
    format: "iife",
    target: TARGET,
    minify: true,
    legalComments: "none",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}
