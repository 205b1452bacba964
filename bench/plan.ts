import { join } from "node:path";
import { runProgram } from "../cli/program.ts";
import { Stop } from "../runtime/errors.ts";
import { Project, STAGING } from "../test/pipeline/project.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 7);
/** Render's API answers a GET in 66 to 73 ms, by the recordings of its provider's tests of June 2026. */
const RENDER_LATENCY_MS = 70;
const CDKTF = join(import.meta.dirname, "../node_modules/.bin/cdktf");

runProgram(bench, { name: "bench:plan", ends: "when done" });

async function bench(): Promise<undefined> {
  const project = await Project.start();
  try {
    project.describe({}, { backend: { ...STAGING.backend, env: { ENABLE_QUEUES: "false" } } });
    await succeed(project.plan("staging"), 2);
    await succeed(project.apply("staging"), 0);
    await project.control.setFaults({ latencyMs: RENDER_LATENCY_MS });

    // Interleaved, so that whatever else the machine does falls on all of them.
    const rounds: Awaited<ReturnType<typeof round>>[] = [];
    await round(project);
    for (let number = 0; number < ROUNDS; number++) rounds.push(await round(project));
    const median = (pick: (times: (typeof rounds)[number]) => number) => middle(rounds.map(pick));
    console.log(
      `a plan with nothing to do, medians of ${ROUNDS} rounds; the API answers after ${RENDER_LATENCY_MS} ms`,
    );
    console.log(`  npm run plan                   ${seconds(median(({ ours }) => ours))}`);
    console.log(`  the same without npm's start   ${seconds(median(({ bare }) => bare))}`);
    console.log(`  terraform init, terraform plan ${seconds(median(({ terraform }) => terraform))}`);
    console.log(`  cdktf diff                     ${seconds(median(({ cdktf }) => cdktf))}`);
    line(
      "npm run plan ÷ terraform init + plan",
      median(({ ours, terraform }) => ours / terraform),
      1.5,
    );
    line(
      "without npm ÷ terraform init + plan",
      median(({ bare, terraform }) => bare / terraform),
      1.5,
    );
    line(
      "npm run plan ÷ cdktf diff",
      median(({ ours, cdktf }) => ours / cdktf),
      0.5,
    );
  } finally {
    await project.stop();
  }
}

async function round(project: Project) {
  const stack = join(project.path, "cdktf.out/stacks/staging");
  return {
    ours: await time(() => project.run("npm", ["run", "--silent", "plan", "--", "staging"])),
    bare: await time(() => project.plan("staging")),
    terraform: await time(() =>
      project.run("bash", [
        "-c",
        `cd ${stack} && terraform init -input=false && terraform plan -input=false -detailed-exitcode`,
      ]),
    ),
    cdktf: await time(() =>
      project.run(CDKTF, ["diff", "staging"], { env: { CI: "true", DISABLE_VERSION_CHECK: "1" } }),
    ),
  };
}

async function time(run: () => Promise<{ exitCode: number | undefined; output: string }>): Promise<number> {
  const begin = performance.now();
  await succeed(run(), 0);
  return performance.now() - begin;
}

async function succeed(
  run: Promise<{ exitCode: number | undefined; output: string }>,
  exitCode: number,
): Promise<void> {
  const outcome = await run;
  if (outcome.exitCode !== exitCode) throw new Stop("failed", `exit code ${outcome.exitCode}:\n${outcome.output}`);
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(2)} s`;
}

function line(what: string, ratio: number, target: number): void {
  console.log(`${what.padEnd(40)} ${ratio.toFixed(2)}  (target ≤ ${target}: ${ratio <= target ? "good" : "MISSED"})`);
}
