import { Command } from "commander";
import { stackPath } from "../environments/define.ts";
import { RenderClient } from "../render/api/client.ts";
import { describeTarget } from "../render/api/target.ts";
import { readKnownIds } from "../render/terraform-state.ts";
import { Stop } from "../runtime/errors.ts";
import { within } from "../runtime/wait.ts";
import type { StepContext } from "../steps/deploy.ts";
import { drain } from "../steps/drain.ts";
import { drainBehind, handOver } from "../steps/hand-over.ts";
import { type Intent, preflight } from "../steps/preflight.ts";
import { leave, rollOut } from "../steps/roll-out.ts";
import { OWN_STEP_IDS, type OwnStepId, programName, type Read, readStep, STEPS } from "../steps/steps.ts";
import { parse } from "./parse.ts";
import { intentOf, PREFLIGHT_CALL_MS } from "./preflight-intent.ts";
import { type Ending, type Program, runProgram } from "./program.ts";
import { formatPreflight } from "./report-preflight.ts";

/** Seconds for all of them: many more than they take one after the other where each is slow. */
const PREFLIGHT_SECONDS = 180;
/** Seconds that a service may take to drain an instance, with a count of its jobs before and after. */
const DRAIN_SECONDS = 420;

/** What a step's program works with. */
interface Tools {
  connect(deadlineMs: number): RenderClient;
  limit: Program["limit"];
  /** Does something within a time. @param about What its lines begin with. */
  work(about: string, seconds: number, act: (context: StepContext) => Promise<void>): Promise<Ending>;
}

type StepProgram<Id extends OwnStepId> = (read: Read<Id>, tools: Tools) => Promise<Ending>;

/** One that is missing here does not compile. */
const PROGRAMS: { readonly [Id in OwnStepId]: StepProgram<Id> } = {
  preflight: ({ REDIS_EXPECTED: redis, BACKEND_EXPECTED: wanted, RENDER_OWNER_ID: ownerId, ...read }, tools) =>
    judge({ redis, wanted, ownerId, acceptUnknown: read.REDIS_CHECKS.acceptUnknown }, read.TERRAFORM_DIRECTORY, tools),
  roll_out: ({ BACKEND_EXPECTED: { serviceId, name, rollOutSeconds } }, { work }) =>
    work(name, rollOutSeconds, (context) => {
      context.say(describeTarget({ id: process.env.RENDER_OWNER_ID ?? "not known" }, [{ id: serviceId, name }]));
      return rollOut({ ...context, serviceId });
    }),
  leave: ({ BACKEND_SERVICE_ID: serviceId, BACKEND_ROLL_OUT_SECONDS: seconds, ...read }, { work }) => {
    const { BACKEND_DRAIN_COMMAND: command, REDIS_ADDRESS: address } = read;
    return work(serviceId, seconds + (command === undefined ? 0 : DRAIN_SECONDS), async (context) => {
      await within(seconds * 1_000, (signal) => leave({ ...context, signal, serviceId }), context.signal);
      if (command === undefined) return;
      const known = await readKnownIds(read.TERRAFORM_DIRECTORY, context.signal);
      await drainBehind({ ...context, serviceId, command, address, known });
    });
  },
  async drain({ REDIS_INSTANCE_ID: instanceId, BACKEND_DRAIN_COMMAND: command, ...read }, { work }) {
    const serviceId = read.BACKEND_SERVICE_ID ?? read.TF_VAR_backend_service_id;
    if (!serviceId) {
      throw new Stop("misused", "`TF_VAR_backend_service_id` is not set: the service that drains the instance");
    }
    return work(instanceId, DRAIN_SECONDS, (context) => drain({ ...context, serviceId, instanceId, command }));
  },
  async hand_over({ REDIS_INSTANCE_ID: instanceId, BACKEND_EXPECTED: { serviceId, drainCommand }, ...read }, { work }) {
    if (drainCommand === undefined) throw new Stop("misused", "`BACKEND_EXPECTED` has no drainCommand");
    const options = { serviceId, instanceId, command: drainCommand, address: read.REDIS_ADDRESS };
    return work(instanceId, DRAIN_SECONDS, async (context) => {
      const known = await readKnownIds(read.TERRAFORM_DIRECTORY, context.signal);
      return handOver({ ...context, ...options, known });
    });
  },
};

async function judge(intent: Intent, directory: string, { connect, limit }: Tools): Promise<Ending> {
  limit(PREFLIGHT_SECONDS);
  const stack = { directory, known: () => readKnownIds(directory) };
  const { target, results } = await preflight(connect(PREFLIGHT_CALL_MS), intent, stack);
  process.stdout.write(formatPreflight(intent.redis.environment, target, results));
  const refusals = results.flatMap((result) => result.refusals);
  if (refusals.some(({ unknown }) => !unknown)) return "failed";
  return refusals.length > 0 ? "unknown" : "good";
}

function toolsFor(program: Program): Tools {
  const interrupted = new AbortController();
  program.onInterruption(() => interrupted.abort());
  const onWait = (text: string) => console.error(text);
  const connect = (deadlineMs: number) =>
    RenderClient.fromEnvironment(process.env, { deadlineMs, signal: interrupted.signal, onWait });
  return {
    connect,
    limit: program.limit,
    async work(about, seconds, act) {
      const { signal } = program.limit(seconds);
      // One call may take as long as all of it: Render's limit of deploys is waited out.
      const client = connect(seconds * 1_000);
      await act({ client, signal, say: (line) => console.log(`${about}: ${line}`) });
      return "good";
    },
  };
}

function run<Id extends OwnStepId>(step: Id, tools: Tools): Promise<Ending> {
  return PROGRAMS[step](readStep(step, process.env), tools);
}

runProgram(
  async (program) => {
    const tools = toolsFor(program);
    let ending: Ending | undefined;
    const command = new Command("step")
      .description("What a deploy does in Terraform's graph: before it, and after the Redis is proven.")
      .showHelpAfterError()
      .exitOverride();
    for (const step of OWN_STEP_IDS) {
      const own = command.command(programName(step)).summary("for Terraform").description(STEPS[step].says);
      if (step === "preflight") {
        own.summary("says whether a deploy can begin, and changes nothing");
        own.argument("[environment]", "the environment's name; Terraform says by variables what it deploys");
      }
      own.action(async (environment?: string) => {
        // Without an argument there are only commander's options here.
        if (typeof environment !== "string") ending = await run(step, tools);
        else ending = await judge(await intentOf(environment), stackPath(environment), tools);
      });
    }
    await parse(command);
    return ending;
  },
  { name: "The step", stopped: "Stopped. What was begun on Render goes on." },
);
