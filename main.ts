import { runProgram } from "./cli/program.ts";
import { ENVIRONMENTS_DIRECTORY, loadEnvironments } from "./environments/load.ts";
import { secretsIn } from "./environments/secrets.ts";
import { refuseUnlisted } from "./environments/unlisted.ts";
import { Stop } from "./runtime/errors.ts";
import { createApp } from "./stacks/create-app.ts";

runProgram(synthesize, { name: "The app" });

/** All environments, or those that are named. */
async function synthesize(): Promise<undefined> {
  try {
    const names = process.argv.slice(2);
    const { resolveEnvironment, resolveEnvironments } = await loadEnvironments();
    if (names.length === 0) refuseUnlisted(ENVIRONMENTS_DIRECTORY);
    const environments = names.length === 0 ? resolveEnvironments() : names.map((name) => resolveEnvironment(name));
    const found = environments.map(async ({ name, services }) => {
      const secrets = Object.values(services).map(({ env }) => secretsIn(env));
      return [name, (await Promise.all(secrets)).flat()] as const;
    });
    createApp(environments, undefined, new Map(await Promise.all(found))).synth();
  } catch (error) {
    if (error instanceof Stop || !(error instanceof Error)) throw error;
    // Synthesis knows no secret, and the cause may lie in cdktf: show all of it.
    throw new Stop("failed", error.stack ?? error.message);
  }
}
