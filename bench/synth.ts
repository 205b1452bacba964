import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { defineEnvironment, type EnvironmentInput } from "../environments/define.ts";
import { createApp } from "../stacks/create-app.ts";
import { byHand } from "./by-hand.ts";

const ROUNDS = 300;
const MANY = 1_000;
const FEW = 100;

// Beside cdktf.out, so that the relative paths in the Terraform are those of a deploy.
const REPOSITORY = join(import.meta.dirname, "..");
const outdirs = { hand: mkdtempSync(join(REPOSITORY, ".synth-")), ours: mkdtempSync(join(REPOSITORY, ".synth-")) };
try {
  assertSameTerraform();
  // Interleaved, so that whatever else the machine does falls on both; the median of the pairs' ratios is stable.
  for (let warmUp = 0; warmUp < 10; warmUp++) pair();
  const pairs = Array.from({ length: ROUNDS }, pair);
  const ratio = median(pairs.map(({ ours, hand }) => ours / hand));
  const perEnvironment = median(pairs.map(({ ours }) => ours));
  line(
    "one environment ÷ the same resources by hand",
    ratio,
    1.1,
    `median of ${ROUNDS} pairs, ${perEnvironment.toFixed(1)} ms`,
  );

  const few = time(() => ours(FEW)) / FEW;
  const many = time(() => ours(MANY)) / MANY;
  line(`an environment among ${MANY} ÷ among ${FEW}`, many / few, 1.2, `${many.toFixed(1)} ms each`);
} finally {
  for (const outdir of Object.values(outdirs)) rmSync(outdir, { recursive: true, force: true });
}

/** A comparison with something else would say nothing. */
function assertSameTerraform(): void {
  hand();
  ours(1);
  const [expected, actual] = [outdirs.hand, outdirs.ours].map((outdir) => {
    const file = join(outdir, "stacks", "environment-0", "cdk.tf.json");
    // What is under "//" are cdktf's notes: the paths of constructs.
    return JSON.parse(readFileSync(file, "utf8"), (key, value) => (key === "//" ? undefined : value));
  });
  assert.deepEqual(actual, expected);
}

function pair() {
  return { hand: time(hand), ours: time(() => ours(1)) };
}

function hand(): void {
  const app = new App({ outdir: outdirs.hand, stackTraces: false });
  byHand(app, "environment-0");
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
