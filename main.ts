import { isMistake } from "./stacks/mistake.ts";

// Loaded here, not above: an environment file with a mistake throws while it is loaded.
try {
  const { resolveEnvironments } = await import("./environments/environments.ts");
  const { createApp } = await import("./stacks/create-app.ts");
  createApp(resolveEnvironments()).synth();
} catch (error) {
  if (!isMistake(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
