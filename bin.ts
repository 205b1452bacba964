import { join } from "node:path";
import type { CommandName } from "./cli/commands.ts";
import { type CommandProgram, runProgram } from "./cli/program.ts";

type Load = () => Promise<{ readonly program?: CommandProgram }>;

/** Rehearsal is not built: it runs from its sources, which only a checkout has. */
function rehearsal(file: string): Load {
  return async () => {
    const { register } = await import("tsx/esm/api");
    register();
    return import(join(import.meta.dirname, "..", file));
  };
}

const REHEARSAL = {
  doctor: rehearsal("dev/doctor/main.ts"),
  local: rehearsal("dev/local/main.ts"),
  drill: rehearsal("dev/drills/main.ts"),
  demo: rehearsal("dev/demo.ts"),
};

/** What runs for each command; what is loaded is only what runs. One that is missing here does not compile. */
const PROGRAMS: Readonly<Record<CommandName, Load>> = {
  plan: () => import("./cli/plan.ts"),
  apply: () => import("./cli/apply.ts"),
  verify: () => import("./cli/verify.ts"),
  preflight: () => import("./cli/preflight.ts"),
  backup: () => import("./cli/backup.ts"),
  restore: () => import("./cli/restore.ts"),
  copy: () => import("./cli/copy.ts"),
  synth: () => import("./cli/synth.ts"),
  baseline: () => import("./cli/baseline.ts"),
  checklist: () => import("./cli/checklist.ts"),
  inspect: () => import("./cli/inspect.ts"),
  metrics: () => import("./cli/metrics.ts"),
  watch: () => import("./cli/watch.ts"),
  alerts: () => import("./cli/alerts.ts"),
  rules: () => import("./cli/rules.ts"),
  schema: () => import("./cli/schema.ts"),
  ...REHEARSAL,
  completion: () => import("./cli/completion.ts"),
};

/** What only programs call. */
const INTERNAL: Readonly<Record<string, Load>> = {
  step: () => import("./cli/step.ts"),
  app: () => import("./main.ts"),
  complete: async () =>
    (await import("./cli/complete.ts")).completing(async (command) => {
      return command in REHEARSAL ? {} : PROGRAMS[command]();
    }),
  "example-backend": () => import("./examples/backend/main.ts"),
  "example-drain": () => import("./examples/backend/drain.ts"),
};

const loads: Readonly<Record<string, Load>> = { ...PROGRAMS, ...INTERNAL };
const [name = "--help"] = process.argv.splice(2, 1);
const load = Object.hasOwn(loads, name) ? loads[name] : async () => (await import("./cli/help.ts")).answering(name);
const { program } = (await load?.()) ?? {};
// What does not say what it is, runs by itself.
if (program !== undefined) runProgram(program.run, program);
