import { Command, CommanderError } from "commander";
import { RenderClient } from "../render/api/client.ts";
import { RenderApiError } from "../render/api/error.ts";
import { Stop } from "../runtime/errors.ts";
import { drain } from "../steps/drain.ts";
import { handOver } from "../steps/hand-over.ts";
import { leave } from "../steps/leave.ts";
import { preflight } from "../steps/preflight.ts";
import type { Wiring } from "../steps/preflight-rules.ts";
import { rollOut } from "../steps/roll-out.ts";
import { WiringError } from "../steps/wiring-error.ts";
import { PROVISIONED, readVariables, wiringOf } from "./read-step.ts";
import { reportPreflight } from "./report-preflight.ts";

const FAILED = 1;
const WRONG_USAGE = 2;
const NOT_ESTABLISHED = 3;

/** Milliseconds for each of preflight's calls: long enough for a busy API, short enough for one that is not there. */
const PREFLIGHT_CALL_MS = 10_000;
/** Seconds that the backend may take to work off what waits. */
const DRAIN_SECONDS = 300;

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupted.abort());

const program = new Command("wiring")
  .description("What a deploy does with the backend: before it, and after the Redis is proven.")
  .showHelpAfterError()
  .exitOverride();

program
  .command("preflight")
  .description("says whether a deploy can begin, and changes nothing")
  .argument("[environment]", "the environment's name; Terraform leaves it out and says by variables what it deploys")
  .action(async (environment: string | undefined) => {
    const wiring = environment === undefined ? provisionedWiring() : await wiringOf(environment, process.env);
    const results = await preflight(connect(PREFLIGHT_CALL_MS, interrupted.signal), wiring);
    process.stdout.write(reportPreflight(wiring.redis.environment, results));
    if (results.some(({ refusals }) => refusals.length > 0)) process.exitCode = FAILED;
  });

program
  .command("roll-out")
  .description("for Terraform: deploys the backend after what it reads has changed")
  .action(async () => {
    const { BACKEND_EXPECTED: backend, BACKEND_GROUP_ID: groupId } = readVariables(PROVISIONED.rollOut, process.env);
    const { serviceId, name, rollOutSeconds } = backend;
    await within(rollOutSeconds, (client, signal) => rollOut({ client, serviceId, groupId, signal, say: say(name) }));
  });

program
  .command("leave")
  .description("for Terraform: deploys the backend after its group was taken away")
  .action(async () => {
    const variables = readVariables(PROVISIONED.leave, process.env);
    const serviceId = variables.BACKEND_SERVICE_ID;
    await within(variables.BACKEND_ROLL_OUT_SECONDS, (client, signal) =>
      leave({ client, serviceId, signal, say: say(serviceId) }),
    );
  });

program
  .command("drain")
  .description("for Terraform: has the backend work off what waits in an instance that is about to be destroyed")
  .action(async () => {
    const variables = readVariables(PROVISIONED.drain, process.env);
    const { REDIS_INSTANCE_ID: instanceId, BACKEND_DRAIN_COMMAND: command } = variables;
    const serviceId = variables.BACKEND_SERVICE_ID ?? variables.TF_VAR_backend_service_id;
    if (!serviceId)
      throw new Stop("misused", "`TF_VAR_backend_service_id` is not set: the backend that empties the instance");
    await within(DRAIN_SECONDS, (client, signal) =>
      drain({ client, serviceId, instanceId, command, signal, say: say(instanceId) }),
    );
  });

program
  .command("hand-over")
  .description("for Terraform: has the backend work off what waits in the instance that a new one replaces")
  .action(async () => {
    const { REDIS_INSTANCE_ID: instanceId, BACKEND_EXPECTED } = readVariables(PROVISIONED.handOver, process.env);
    const { serviceId, drainCommand: command } = BACKEND_EXPECTED;
    if (command === undefined) throw new Stop("misused", "`BACKEND_EXPECTED` has no drainCommand");
    await within(DRAIN_SECONDS, (client, signal) =>
      handOver({ client, serviceId, instanceId, command, signal, say: say(instanceId) }),
    );
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}
// A connection that is kept open for a next call must not keep the process.
process.exit();

function provisionedWiring(): Wiring {
  const { REDIS_EXPECTED, BACKEND_EXPECTED, RENDER_OWNER_ID } = readVariables(PROVISIONED.preflight, process.env);
  return { redis: REDIS_EXPECTED, backend: BACKEND_EXPECTED, ownerId: RENDER_OWNER_ID };
}

async function within(
  seconds: number,
  act: (client: RenderClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(seconds * 1_000)]);
  // One call may take as long as all of it: Render's limit of deploys is waited out.
  await act(connect(seconds * 1_000, interrupted.signal), signal);
}

function connect(deadlineMs: number, signal: AbortSignal): RenderClient {
  try {
    return RenderClient.fromEnvironment(process.env, { deadlineMs, signal });
  } catch (error) {
    throw new Stop("misused", error instanceof Error ? error.message : "RENDER_API_KEY cannot be used.");
  }
}

function say(subject: string): (line: string) => void {
  return (line) => console.log(`${subject}: ${line}`);
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
  if (interrupted.signal.aborted) {
    console.error("Stopped. What was begun on Render goes on.");
    return FAILED;
  }
  if (error instanceof RenderApiError && error.status === undefined) {
    console.error(`${error.message} Check the network, and RENDER_HOST if it is set.`);
    return NOT_ESTABLISHED;
  }
  if (error instanceof WiringError || error instanceof RenderApiError) {
    console.error(error.message);
    return FAILED;
  }
  if (error instanceof Stop || (error instanceof Error && error.name === "EnvironmentError")) {
    console.error(error.message);
    return WRONG_USAGE;
  }
  // Only the kind: what libraries put into their messages is not known.
  console.error(`The wiring crashed (${error instanceof Error ? error.name : typeof error}). This is a mistake in it.`);
  return FAILED;
}
