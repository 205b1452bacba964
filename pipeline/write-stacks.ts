import { resolveEnvironment } from "../environments/environments.ts";
import { Stop } from "../runtime/errors.ts";
import { createApp } from "../stacks/create-app.ts";
import { RedisStack } from "../stacks/redis-stack.ts";
import { OUTDIR, stackDirectory, writeStamp } from "./synthesis-stamp.ts";
import { describeStack, writeDescription } from "./synthesized-stack.ts";

// Synthesizes the environments that are named to `cdktf.out/`, as cdktf does, with what a review needs to know of each.
// A process of its own, so that nobody loads cdktf who finds everything synthesized.
try {
  const app = createApp(process.argv.slice(2).map(resolveEnvironment), OUTDIR);
  app.synth();
  for (const stack of app.node.children) {
    if (!(stack instanceof RedisStack)) continue;
    const directory = stackDirectory(stack.node.id);
    writeDescription(directory, describeStack(stack.node.id, directory, stack.policy.result()));
    writeStamp(stack.node.id);
  }
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
