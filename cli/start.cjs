// Starts a command of the pipeline, `plan` or `apply`, as one file in dist/, which it makes first when a source is newer:
// loading a hundred small files takes longer than Terraform takes to plan. Plain JavaScript, because Node must run it
// before anything is compiled.
const { readdirSync, statSync } = require("node:fs");
const { join } = require("node:path");
const { modified, runBundle } = require("./run-bundle.cjs");

const ROOT = join(__dirname, "..");
/** What a bundle is made of. A lock file that changed means other dependencies. */
const SOURCES = ["pipeline", "cli", "render", "redis", "runtime", "package-lock.json"];

async function start(command) {
  if (command !== "plan" && command !== "apply") throw new Error(`There is no command ${command}: plan or apply.`);
  const bundle = join(ROOT, "dist", `${command}.cjs`);
  if (newest(SOURCES.map((source) => join(ROOT, source))) >= modified(bundle)) await build(command, bundle);
  runBundle(bundle);
}

function newest(paths) {
  const times = paths.map((path) => {
    if (!statSync(path).isDirectory()) return modified(path);
    return newest(readdirSync(path).map((name) => join(path, name)));
  });
  return Math.max(0, ...times);
}

async function build(command, bundle) {
  // Imported: what tsx gives to `require` looks for its own files in the wrong folder.
  const { register } = await import("tsx/esm/api");
  const unregister = register();
  const { buildCommand } = await import("./bundle/pipeline.ts");
  await buildCommand(command, bundle);
  await unregister();
}

const [command] = process.argv.splice(2, 1);
void start(command);
