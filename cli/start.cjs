// Starts a command of the pipeline, `plan` or `apply`, as one file in dist/, which it makes first when a source is newer:
// loading a hundred small files takes longer than Terraform takes to plan.
const { join } = require("node:path");
const { isCurrent, readTypeScript, runBundle } = require("./run-bundle.cjs");

const SOURCES = ["pipeline", "cli", "environments", "redis", "render", "runtime", "steps"];

async function start(command) {
  if (command !== "plan" && command !== "apply") throw new Error(`There is no command ${command}: plan or apply.`);
  const bundle = join(__dirname, "../dist", `${command}.cjs`);
  if (!isCurrent(bundle, SOURCES)) {
    const readNoMore = await readTypeScript();
    const { buildCommand } = await import("./bundle/build.ts");
    await buildCommand(command, bundle);
    await readNoMore();
  }
  runBundle(bundle);
}

const [command] = process.argv.splice(2, 1);
void start(command);
