import { runProgram } from "./cli/program.ts";
import { notOneOf, Stop } from "./runtime/errors.ts";

/** What runs for each command. Each ends the process itself, by `cli/program.ts`. */
const PROGRAMS: Readonly<Record<string, () => Promise<unknown>>> = {
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
  step: () => import("./cli/step.ts"),
  app: () => import("./main.ts"),
  "example-backend": () => import("./examples/backend/main.ts"),
  "example-drain": () => import("./examples/backend/drain.ts"),
};

const [name = ""] = process.argv.splice(2, 1);
const program = PROGRAMS[name];
if (program !== undefined) await program();
else {
  runProgram(
    async () => {
      throw new Stop("misused", `The command ${notOneOf(Object.keys(PROGRAMS), name).message}`);
    },
    { name: "render-redis" },
  );
}
