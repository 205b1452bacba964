import { type Program, type ProgramOptions, runProgram } from "../../cli/program.ts";
import { RenderApiError } from "../../render/api/error.ts";
import { InvalidValue, Stop } from "../../runtime/errors.ts";
import { sleep } from "../../runtime/wait.ts";

/** Commands that end in every way there is. The test runs one by its name, in a process of its own. */
type Scenario = (program: Program) => Promise<number | "good" | "unknown" | undefined>;

const DAY_MS = 86_400_000;
const apiError = (status?: number) => {
  const reason = status === undefined ? "network" : "status";
  return new RenderApiError({
    call: "GET /x",
    reason,
    explanation: "why.",
    ...(status === undefined ? {} : { status }),
  });
};
const ready = () => process.stdout.write("ready\n");
/** Hangs as a broken library does: deaf to every signal, with something open. */
const hang = () => new Promise<never>(() => setInterval(() => {}, DAY_MS));

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  nothing: async () => undefined,
  unknown: async () => "unknown",
  number: async () => 42,
  stop: async () => {
    throw new Stop("unknown", "Not seen.", { remedy: "Look again." });
  },
  misused: async () => {
    throw new Stop("misused", "");
  },
  invalid: async () => {
    throw new InvalidValue("must be one", 2);
  },
  refused: async () => {
    throw apiError(500);
  },
  unreachable: async () => {
    throw apiError();
  },
  crash: async () => {
    throw new TypeError("the secret in a message: rnd_key");
  },
  "crash elsewhere": async () => {
    setTimeout(() => {
      throw new Error("not shown");
    });
    return hang();
  },
  "kept open": async () => {
    setInterval(() => {}, DAY_MS);
    return "good";
  },
  "much to say": async () => {
    process.stdout.write("x".repeat(1_000_000));
    return "good";
  },
  late: async (program) => {
    program.limit(0.2);
    await sleep(DAY_MS, program.signal);
    throw new DOMException("aborted", "AbortError");
  },
  "late and deaf": async (program) => {
    program.limit(0.2);
    return hang();
  },
  "late with a report": async (program) => {
    program.limit(0.2);
    program.atEnd(() => {
      process.stdout.write("the report\n");
      return "unknown";
    });
    return hang();
  },
  "a report and a crash": async (program) => {
    program.atEnd((crashed) => (crashed ? 33 : 0));
    throw new TypeError("broken");
  },
  "interrupted deaf": async () => {
    ready();
    return hang();
  },
  "interrupted heeding": async (program) => {
    program.limit(600);
    ready();
    await sleep(DAY_MS, program.signal);
    throw new Stop("unknown", "not said");
  },
  "printing on": async (program) => {
    while (await sleep(20, program.signal)) ready();
    return "good";
  },
  "interrupted cleaning": async (program) => {
    let count = 0;
    program.onInterruption(() => {
      count += 1;
      process.stdout.write(`${count}\n`);
    });
    ready();
    await sleep(DAY_MS, program.signal);
    await sleep(1_500);
    process.stdout.write("cleaned\n");
    return "good";
  },
};

const [, , scenario = "", options = "{}"] = process.argv;
const run = SCENARIOS[scenario];
if (run === undefined) throw new Error(`no scenario ${scenario}`);
runProgram(run, { name: "It", ...(JSON.parse(options) as Partial<ProgramOptions>) });
