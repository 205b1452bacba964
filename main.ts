import { runProgram } from "./cli/program.ts";
import { resolveEnvironments } from "./environments/environments.ts";
import { Stop } from "./runtime/errors.ts";
import { createApp } from "./stacks/create-app.ts";

runProgram(synthesize, { name: "The app" });

async function synthesize(): Promise<undefined> {
  try {
    createApp(resolveEnvironments()).synth();
  } catch (error) {
    if (error instanceof Stop || !(error instanceof Error)) throw error;
    // Synthesis knows no secret, and the cause may lie in cdktf: show all of it.
    throw new Stop("failed", error.stack ?? error.message);
  }
}
