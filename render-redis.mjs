#!/usr/bin/env node
// Starts the program from its build, and builds it first where there is none, or where a source has another content. Plain
// JavaScript, because Node runs it before anything is built.
import { existsSync, readFileSync, statSync } from "node:fs";
import * as nodeModule from "node:module";
import { join } from "node:path";

const ROOT = import.meta.dirname;
const DIST = join(ROOT, "dist");
// What is bundled of CommonJS asks for it.
globalThis.require ??= nodeModule.createRequire(import.meta.url);

/** Whether the build is of the sources as they are, and is as it was made. A file's time alone decides nothing. */
function isCurrent() {
  // A package has no sources.
  if (!existsSync(join(ROOT, "build.ts"))) return true;
  try {
    const files = JSON.parse(readFileSync(join(DIST, "build.json"), "utf8"));
    return Object.entries(files).every(([file, [size, changed, digest]]) => {
      const path = `${ROOT}/${file}`;
      const stats = statSync(path);
      if (stats.size !== size) return false;
      // No program can set the time of a change.
      if (stats.ctimeMs === changed) return true;
      return require("node:crypto").createHash("sha256").update(readFileSync(path)).digest("hex") === digest;
    });
  } catch {
    return false;
  }
}

async function build() {
  // Imported: what tsx gives to `require` looks for its own files in the wrong folder.
  const { register } = await import("tsx/esm/api");
  const readNoMore = register();
  const { buildAll } = await import("./build.ts");
  await buildAll();
  await readNoMore();
}

/** A line that says what to do, instead of a stack of frames. */
function explain(error) {
  if (error.code === "ERR_MODULE_NOT_FOUND") return `Something is not installed. Run: npm ci\n${error.message}`;
  return `The program could not be built: ${error.message}`;
}

const isBuild = process.argv[2] === "build";
try {
  if (isBuild || !isCurrent()) await build();
  // Node 22.1 and later keep what they have compiled.
  nodeModule.enableCompileCache?.(join(DIST, ".compiled"));
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}
if (!isBuild) await import("./dist/bin.js");
