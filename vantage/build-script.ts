import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** The oldest Node that a service may still run. */
const TARGET = "node18";

/** A program as one plain script, which needs no files: for a one-off job, or for a thread. */
export async function buildScript(entryPoint: URL): Promise<string> {
  return (await bundleScript(entryPoint)).text;
}

/** The same, and the files that it is made of. */
export async function bundleScript(entryPoint: URL): Promise<{ readonly text: string; readonly inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: join(import.meta.dirname, ".."),
    entryPoints: [fileURLToPath(entryPoint)],
    bundle: true,
    platform: "node",
    format: "iife",
    target: TARGET,
    minify: true,
    legalComments: "none",
    // What builds it is not in it.
    external: ["esbuild"],
    plugins: [onlyEnglish],
    logLevel: "error",
    write: false,
    metafile: true,
  });
  return { text: outputFiles[0]?.text ?? "", inputs: Object.keys(metafile.inputs) };
}

/** Of the fifty languages of zod's messages this project speaks one; the rest would be half of the build. */
export const onlyEnglish: Plugin = {
  name: "only-english",
  setup({ onLoad }) {
    onLoad({ filter: /zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => {
      return { contents: 'export { default as en } from "./en.js";', loader: "js" };
    });
  },
};
