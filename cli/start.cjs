// Starts a command of the pipeline, `plan` or `apply`, as one file in dist/, which it makes first when a source has changed:
// loading a hundred small files takes longer than Terraform takes to plan.
const { join } = require("node:path");
const { currentBundle, readTypeScript, runBundle } = require("./bundle/run-bundle.cjs");

async function start(command) {
  if (command !== "plan" && command !== "apply") throw new Error(`There is no command ${command}: plan or apply.`);
  const file = join(__dirname, "../dist", `${command}.cjs`);
  let text = currentBundle(command, file);
  if (text === undefined) {
    const readNoMore = await readTypeScript();
    const { buildCommand } = await import("./bundle/build.ts");
    text = await buildCommand(command, file).catch(() => undefined);
    // With a mistake in a source. The sources themselves say which it is.
    if (text === undefined) return void (await import(`./${command}.ts`));
    await readNoMore();
  }
  runBundle(file, text);
}

const [command] = process.argv.splice(2, 1);
void start(command);
