import { describeTarget } from "../render/api/target.ts";
import { serviceIdOf, whereIdIsSet } from "../render/service.ts";
import { readKnownIds } from "../render/terraform-state.ts";
import { notOneOf, Stop } from "../runtime/errors.ts";
import { within } from "../runtime/wait.ts";
import type { StepContext } from "../steps/deploy.ts";
import { programName, type Read, readStep, STEP_IDS, type StepId } from "../steps/steps.ts";
import type { CommandProgram, Ending, Program } from "./program.ts";
import { connectionOf } from "./render-connection.ts";
import { instanceSubject, type Subject, serviceSubject } from "./verify-request.ts";

/** Seconds that a service may take to drain an instance, with a count of its jobs before and after. */
const DRAIN_SECONDS = 420;

/** What a step's program works with. */
interface Tools {
  readonly program: Program;
  /** Does something within a time. @param about What its lines begin with. */
  work(about: string, seconds: number, act: (context: StepContext) => Promise<void>): Promise<Ending>;
  verify(subject: Subject): Promise<Ending>;
}

type StepProgram<Id extends StepId> = (read: Read<Id>, tools: Tools) => Promise<Ending>;

/** One that is missing here does not compile. Each loads only what it needs: a deploy starts many. */
const PROGRAMS: { readonly [Id in StepId]: StepProgram<Id> } = {
  async preflight({ REDIS_INSTANCES: instances, SERVICES: services, RENDER_OWNER_ID: ownerId, ...read }, tools) {
    const { judge } = await import("./judge-preflight.ts");
    const intent = { instances, services, ownerId, acceptUnknown: read.REDIS_CHECKS.acceptUnknown };
    return judge(intent, read.TERRAFORM_DIRECTORY, tools.program);
  },
  checks: (read, { verify }) => verify(instanceSubject(read)),
  proof: (read, { verify }) => verify(serviceSubject(read)),
  roll_out: ({ BACKEND_EXPECTED: { serviceId, name, rollOutSeconds } }, { work }) =>
    work(name, rollOutSeconds, async (context) => {
      context.say(describeTarget({ id: process.env.RENDER_OWNER_ID ?? "not known" }, [{ id: serviceId, name }]));
      const { rollOut } = await import("../steps/roll-out.ts");
      return rollOut({ ...context, serviceId });
    }),
  leave: ({ BACKEND_SERVICE_ID: serviceId, BACKEND_ROLL_OUT_SECONDS: seconds, ...read }, { work }) => {
    const drains = Object.entries(read.BACKEND_DRAINS ?? {});
    return work(serviceId, seconds + drains.length * DRAIN_SECONDS, async (context) => {
      const { leave } = await import("../steps/roll-out.ts");
      await within(seconds * 1_000, (signal) => leave({ ...context, signal, serviceId }), context.signal);
      if (drains.length === 0) return;
      const { drainBehind } = await import("../steps/hand-over.ts");
      const known = await readKnownIds(read.TERRAFORM_DIRECTORY, context.signal);
      for (const [address, command] of drains) {
        await drainBehind({ ...context, serviceId, command, address, known });
      }
    });
  },
  async drain({ REDIS_INSTANCE_ID: instanceId, BACKEND_DRAIN_COMMAND: command, ...read }, { work }) {
    const serviceId = serviceIdOf(read.BACKEND_KEY, { id: read.BACKEND_SERVICE_ID }, process.env);
    if (serviceId === undefined) {
      const { variable } = whereIdIsSet(read.BACKEND_KEY);
      throw new Stop("misused", `\`${variable}\` is not set: the service that drains the instance`);
    }
    const { drain } = await import("../steps/drain.ts");
    return work(instanceId, DRAIN_SECONDS, (context) => drain({ ...context, serviceId, instanceId, command }));
  },
  async hand_over({ REDIS_INSTANCE_ID: instanceId, BACKEND_SERVICE_ID: serviceId, ...read }, { work }) {
    const options = { serviceId, instanceId, command: read.BACKEND_DRAIN_COMMAND, address: read.REDIS_ADDRESS };
    return work(instanceId, DRAIN_SECONDS, async (context) => {
      const { handOver } = await import("../steps/hand-over.ts");
      const known = await readKnownIds(read.TERRAFORM_DIRECTORY, context.signal);
      return handOver({ ...context, ...options, known });
    });
  },
};

/** @param args Of checks and proof: `verify`'s own options. Terraform gives none. */
function toolsFor(program: Program, args: readonly string[]): Tools {
  return {
    program,
    async work(about, seconds, act) {
      const { signal } = program.limit(seconds);
      // One call may take as long as all of it: Render's limit of deploys is waited out.
      const client = connectionOf(program)(seconds * 1_000);
      await act({ client, signal, say: (line) => console.log(`${about}: ${line}`) });
      return "good";
    },
    async verify(subject) {
      const [{ requestOf }, { verifyAll }] = await Promise.all([
        import("./verify-options.ts"),
        import("./verify-run.ts"),
      ]);
      if (args.length === 0) await verifyAll(await requestOf([], {}, process.env, subject), program);
      else {
        const { readVerify } = await import("./verify-command.ts");
        await readVerify(args, async (names, values) => {
          await verifyAll(await requestOf(names, values, process.env, subject), program);
        });
      }
      return "good";
    },
  };
}

function run<Id extends StepId>(step: Id, tools: Tools): Promise<Ending> {
  return PROGRAMS[step](readStep(step, process.env), tools);
}

const [name = "", ...args] = process.argv.slice(2);
const id = STEP_IDS.find((step) => programName(step) === name);

export const program: CommandProgram = {
  ...(id === "checks" || id === "proof"
    ? { name: "The checks" }
    : { name: "The step", stopped: "Stopped. What was begun on Render goes on." }),
  async run(program) {
    if (id === undefined) throw new Stop("misused", `The step ${notOneOf(STEP_IDS.map(programName), name).message}`);
    return run(id, toolsFor(program, args));
  },
};
