import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { onlyEnglish } from "./only-english.ts";

/**
 * Makes a command of the pipeline one file. Several may make it at once, so it appears in one piece.
 *
 * @param outfile In a folder as deep in the repository as the sources' own, which find everything from where they are.
 */
export async function buildCommand(command: "plan" | "apply", outfile: string): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: join(import.meta.dirname, "../.."),
    entryPoints: [`cli/${command}.ts`],
    write: false,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    define: { "import.meta.dirname": "__dirname" },
    plugins: [onlyEnglish],
    logLevel: "error",
  });
  const part = `${outfile}.${process.pid}`;
  await mkdir(dirname(outfile), { recursive: true });
  await writeFile(part, outputFiles[0]?.contents ?? "");
  await rename(part, outfile);
}
