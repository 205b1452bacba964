import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { runProgram } from "../cli/program.ts";
import { defineEnvironment, type EnvironmentInput } from "../environments/define.ts";
import { createApp } from "../stacks/create-app.ts";
import { readTerraform, replay } from "./replay.ts";

type Terraform = ReturnType<typeof readTerraform>;

const ROUNDS = 300;
const MANY = 1_000;
const FEW = 100;

// Beside cdktf.out, so that the relative paths in the Terraform are those of a deploy.
const REPOSITORY = join(import.meta.dirname, "..");
const outdirs = { replayed: mkdtempSync(join(REPOSITORY, ".synth-")), ours: mkdtempSync(join(REPOSITORY, ".synth-")) };

runProgram(bench, { name: "bench:synth" });

async function bench(): Promise<undefined> {
  ours(1);
  const terraform = terraformIn(outdirs.ours);
  try {
    replayed(terraform);
    // A comparison with something else would say nothing.
    assert.deepEqual(terraformIn(outdirs.replayed), terraform);
    // Interleaved, so that whatever else the machine does falls on both; the median of the pairs' ratios is stable.
    for (let warmUp = 0; warmUp < 10; warmUp++) pair(terraform);
    const pairs = Array.from({ length: ROUNDS }, () => pair(terraform));
    const ratio = median(pairs.map(({ ours, replayed }) => ours / replayed));
    const perEnvironment = median(pairs.map(({ ours }) => ours));
    line(
      "one environment ÷ its blocks by bare cdktf",
      ratio,
      1.4,
      `median of ${ROUNDS} pairs, ${perEnvironment.toFixed(1)} ms`,
    );

    const few = time(() => ours(FEW)) / FEW;
    const many = time(() => ours(MANY)) / MANY;
    line(`an environment among ${MANY} ÷ among ${FEW}`, many / few, 1.2, `${many.toFixed(1)} ms each`);
  } finally {
    for (const outdir of Object.values(outdirs)) rmSync(outdir, { recursive: true, force: true });
  }
}

function terraformIn(outdir: string) {
  return readTerraform(join(outdir, "stacks", "environment-0", "cdk.tf.json"));
}

function pair(terraform: Terraform) {
  return { replayed: time(() => replayed(terraform)), ours: time(() => ours(1)) };
}

function replayed(terraform: Terraform): void {
  const app = new App({ outdir: outdirs.replayed, stackTraces: false });
  replay(app, "environment-0", terraform);
  app.synth();
}

function ours(count: number): void {
  createApp(
    Array.from({ length: count }, (_, index) => environment(index)),
    outdirs.ours,
  ).synth();
}

/** Validated each time, as it is when a person runs it. */
function environment(index: number): EnvironmentInput {
  return defineEnvironment({
    name: `environment-${index}`,
    redis: { name: "koinoniasms-redis", region: "oregon", plan: "standard", memory: "1 GB", evictionPolicy: "noevict" },
    backend: { name: "connect-yw-backend" },
    state: { type: "local", path: `.state/environment-${index}.tfstate` },
  });
}

function time(run: () => void): number {
  const begin = performance.now();
  run();
  return performance.now() - begin;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function line(what: string, ratio: number, target: number, note: string): void {
  const verdict = ratio <= target ? "good" : "MISSED";
  console.log(`${what.padEnd(52)} ${ratio.toFixed(2)}  (target ≤ ${target}: ${verdict}; ${note})`);
}
