import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../cli/program.ts";
import { Checkout } from "../dev/checkout.ts";
import { type Ran, REPOSITORY, Rehearsal, runCommand } from "../dev/rehearsal.ts";
import type { ShortEnvironment } from "../environments/define.ts";
import { Stop } from "../runtime/errors.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 7);
/** Render's API answers a GET in 66 to 73 ms, by the recordings of its provider's tests of June 2026. */
const RENDER_LATENCY_MS = 70;
const CDKTF = join(REPOSITORY, "node_modules/.bin/cdktf");
const STAGING: ShortEnvironment = {
  name: "staging",
  redis: {
    name: "bench-redis",
    region: "oregon",
    plan: "starter",
    ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
    deletionProtection: false,
  },
  backend: { name: "connect-yw-backend", env: { ENABLE_QUEUES: "false" } },
  state: { type: "local", path: ".state/staging.tfstate" },
};

runProgram(bench, { name: "bench:plan", ends: "when done" });

async function bench(): Promise<undefined> {
  const rehearsal = await Rehearsal.start({ creationDelayMs: 200, rateLimits: "off" });
  const checkout = new Checkout();
  const run: Run = (command, ...args) =>
    runCommand(command, args, { cwd: checkout.path, env: { ...rehearsal.commandVariables, CI: "" } });
  try {
    checkout.write(STAGING);
    await succeed(run(process.execPath, "render-redis.mjs", "plan", "staging"), 2);
    const { review } = JSON.parse(readFileSync(join(checkout.path, ".plans/staging/review.json"), "utf8"));
    await succeed(
      run(process.execPath, "render-redis.mjs", "apply", "staging", "--fingerprint", review.fingerprint),
      0,
    );
    await rehearsal.control.setFaults({ latencyMs: RENDER_LATENCY_MS });

    // Interleaved, so that whatever else the machine does falls on all of them.
    const rounds: Awaited<ReturnType<typeof round>>[] = [];
    await round(run);
    for (let number = 0; number < ROUNDS; number++) rounds.push(await round(run));
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
    await rehearsal.stop();
    rmSync(checkout.path, { recursive: true });
  }
}

/** Runs a command in the checkout. */
type Run = (command: string, ...args: readonly string[]) => Promise<Ran>;

async function round(run: Run) {
  const init = "terraform init -input=false && terraform plan -input=false -detailed-exitcode";
  return {
    ours: await time(() => run("npm", "run", "--silent", "plan", "--", "staging")),
    bare: await time(() => run(process.execPath, "render-redis.mjs", "plan", "staging")),
    terraform: await time(() => run("bash", "-c", `cd cdktf.out/stacks/staging && ${init}`)),
    cdktf: await time(() => run("env", "CI=true", "DISABLE_VERSION_CHECK=1", CDKTF, "diff", "staging")),
  };
}

async function time(run: () => Promise<Ran>): Promise<number> {
  const begin = performance.now();
  await succeed(run(), 0);
  return performance.now() - begin;
}

async function succeed(run: Promise<Ran>, expected: number): Promise<void> {
  const { exitCode, output } = await run;
  if (exitCode !== expected) throw new Stop("failed", `exit code ${exitCode}:\n${output}`);
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
