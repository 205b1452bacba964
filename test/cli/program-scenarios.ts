import { get } from "node:http";
import { type Program, runProgram } from "../../cli/program.ts";
import { Child } from "../../runtime/child-process.ts";
import { sleep } from "../../runtime/wait.ts";

/** Commands that only a process of their own can show the end of. The test runs one by its name. */
type Scenario = (program: Program) => Promise<"good" | undefined>;

const DAY_MS = 86_400_000;
const ready = () => process.stdout.write("ready\n");
/** Hangs as a broken library does: deaf to every signal, with something open. */
const hang = () => new Promise<never>(() => setInterval(() => {}, DAY_MS));

const SCENARIOS: Readonly<Record<string, Scenario>> = {
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
  "interrupted deaf": async () => {
    ready();
    return hang();
  },
  "late with a child": async (program) => {
    program.limit(0.5);
    const child = new Child("sleep", ["60"], { group: true });
    process.stdout.write(`${child.pid}\n`);
    return hang();
  },
  "late with a name": async (program) => {
    program.limit(0.5);
    await fetch("http://nowhere.example/", { signal: program.signal }).catch(() => {});
    return hang();
  },
  "asking over HTTP": async () => {
    const headers = { authorization: `Bearer ${process.env.RENDER_API_KEY}` };
    const sent = get({ host: "127.0.0.1", port: 1, headers });
    await new Promise((resolve) => sent.on("error", resolve));
    return "good";
  },
  "printing on": async (program) => {
    while (await sleep(20, program.signal)) ready();
    return "good";
  },
};

const [, , scenario = ""] = process.argv;
const run = SCENARIOS[scenario];
if (run === undefined) throw new Error(`no scenario ${scenario}`);
runProgram(run, { name: "It" });
