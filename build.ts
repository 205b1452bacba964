import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { bundleScript, onlyEnglish } from "./vantage/build-script.ts";

const ROOT = import.meta.dirname;
const DIST = join(ROOT, "dist");
/** A file system's clock may be this many milliseconds late. */
const CLOCK_MS = 50;
/** Milliseconds after which no program that still runs is of an older build. */
const DAY_MS = 24 * 3_600_000;

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  target: "node20",
  minify: true,
  legalComments: "none",
  logLevel: "silent",
  write: false,
  metafile: true,
} as const satisfies BuildOptions;

/**
 * Makes everything that is run, in `dist/`: plain JavaScript that needs no `node_modules`. `dist/build.json` says of which
 * sources, by their content; `render-redis.mjs` compares it. Several may build at once: each file appears in one piece.
 */
export async function buildAll(): Promise<void> {
  const began = Date.now();
  const scripts: string[] = [];
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    entryPoints: ["bin.ts"],
    outdir: "dist",
    splitting: true,
    format: "esm",
    external: ["esbuild", "tsx"],
    plugins: [onlyEnglish, builtScripts(scripts)],
  });
  mkdirSync(DIST, { recursive: true });
  // What a chunk imports is there before it is.
  for (const { path, contents } of outputFiles.toReversed()) writeWhole(path, contents);
  const inputs = [...Object.keys(metafile.inputs), ...scripts].filter((file) => !file.startsWith("node_modules/"));
  const sources = [...new Set(inputs), "build.ts", "package-lock.json", "tsconfig.json"].sort();
  const outputs = Object.keys(metafile.outputs);
  const files = [...sources, ...outputs].map((file) => [file, knownBy(file, began)]);
  writeWhole(join(DIST, "build.json"), JSON.stringify(Object.fromEntries(files)));
  removeOld(outputs, began);
}

/** Its size, when it was last changed, and its content. One that may have changed since it was read is known by nothing. */
function knownBy(file: string, began: number): [size: number, changed: number, digest: string] {
  const path = join(ROOT, file);
  const { size, ctimeMs } = statSync(path);
  const isSource = !file.startsWith("dist/");
  return isSource && ctimeMs > began - CLOCK_MS ? [size, 0, ""] : [size, ctimeMs, digestOf(path)];
}

function digestOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function writeWhole(path: string, contents: Uint8Array | string): void {
  const part = `${path}.${process.pid}`;
  writeFileSync(part, contents);
  renameSync(part, path);
}

/** A program that is still running may load what it has not needed yet. */
function removeOld(outputs: readonly string[], now: number): void {
  for (const name of readdirSync(DIST)) {
    const path = join(DIST, name);
    const isOurs = name === "build.json" || name.startsWith(".") || outputs.includes(relative(ROOT, path));
    if (!isOurs && statSync(path).mtimeMs < now - DAY_MS) rmSync(path, { recursive: true });
  }
}

/** Puts a finished script where the sources build it: a one-off job's, or a thread's. @param inputs Gets what they are made of. */
function builtScripts(inputs: string[]): Plugin {
  return {
    name: "built-scripts",
    setup({ onLoad }) {
      onLoad({ filter: /vantage[/\\]build-script\.ts$/ }, () => ({
        contents: "export const buildScript = undefined;",
      }));
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        // All of zod hangs on the name `z`.
        const source = readFileSync(path, "utf8").replace('import { z } from "zod"', 'import * as z from "zod"');
        const [call = "", file] = /buildScript\(new URL\("(\.[^"]+)", import\.meta\.url\)\)/.exec(source) ?? [];
        if (file === undefined) return { contents: source, loader: "ts" };
        const { text, inputs: its } = await bundleScript(pathToFileURL(join(dirname(path), file)));
        inputs.push(...its);
        return { contents: source.replace(call, () => `Promise.resolve(${JSON.stringify(text)})`), loader: "ts" };
      });
    },
  };
}
