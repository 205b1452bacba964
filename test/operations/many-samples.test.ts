import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, expect, test, vi } from "vitest";
import { WatchView } from "../../cli/report/watch.ts";
import { sampleLine } from "../../operations/figures.ts";
import { Messenger } from "../../operations/notify.ts";
import { judgeSample, type Sample } from "../../operations/sample.ts";
import { repeatEach, Watched } from "../../operations/watch.ts";
import type { ExpectedInstance } from "../../render/instance.ts";
import { situation } from "../checks/support/judge.ts";
import { EXPECTED } from "../checks/support/render-api.ts";

// What is written lies below the directory in which a program runs.
const directory = mkdtempSync(join(tmpdir(), "many-samples-"));
vi.mock("../../runtime/private-file.ts", () => ({ writePrivateFile: () => {} }));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

setFlagsFromString("--expose_gc");
const collect: () => void = runInNewContext("gc");

/** Samples after which the figures are as at the first again. */
const ROUND = 250;

/** Samples of an instance whose figures go up and down, with a queue, made without a server. */
function samplerOf(expected: ExpectedInstance) {
  let count = 0;
  const made: Sample[] = [];
  return {
    expected,
    async sample() {
      count = (count + 1) % ROUND;
      const again = made[count];
      if (again !== undefined) return { ...again, at: new Date() };
      const used_memory = String(Math.round(268_435_456 * (0.5 + 0.45 * Math.sin((count / ROUND) * 2 * Math.PI))));
      const { instance, look } = situation({
        info: { used_memory, keyspace_hits: String(count), keyspace_misses: "1" },
      });
      const queues = [
        { queue: "mail", jobs: { waiting: count % 7, active: 1 }, oldestSeconds: count % 90, keptBytes: {} },
      ];
      const seen = "seen" in look ? { ...look, seen: { ...look.seen, queues } } : look;
      const available = { status: "pass", evidence: { expected: "a", actual: "a", source: "API" } } as const;
      made[count] = judgeSample({ expected, instance, available, look: seen, measured: {}, oldestJobSeconds: 3_600 });
      return made[count] as Sample;
    },
  };
}

function outputTo(view: WatchView) {
  const messenger = new Messenger([], new AbortController().signal, () => {});
  const told = { begin: 0, end: 0 };
  let before: Parameters<typeof sampleLine>[1];
  const output = {
    ...{ messenger, onTrouble: () => {} },
    onMessage: ({ event }: { event: "begin" | "end" }) => {
      told[event] += 1;
    },
    onSample: (sample: NonNullable<typeof before>, open: Parameters<WatchView["take"]>[1]) => {
      view.take(sample, open);
      view.draw(80, 24);
      JSON.stringify(sampleLine(sample, before, open));
      before = sample;
    },
  };
  return { output, told };
}

test("10,000 samples leave no more behind than 1,000, and each alarm of them is told once", async () => {
  const { output, told } = outputTo(new WatchView());
  const watched = new Watched(samplerOf(EXPECTED), output, false);
  const look = async (times: number) => {
    for (let left = times; left > 0; left -= 1) await (await watched.look()).told;
    collect();
    return process.memoryUsage().heapUsed;
  };
  const early = await look(1_000);
  const late = await look(9_000);
  expect(late - early).toBeLessThan(2_000_000);
  // The figures go over the limit and back once in a round.
  expect(told.begin).toBe(40);
  expect(told.begin - told.end).toBeLessThanOrEqual(1);
});

test("100 instances are looked at side by side, each at its own moment", async () => {
  const stop = new AbortController();
  const starts: number[] = [];
  const begun = performance.now();
  const looks = Array.from({ length: 100 }, (_, index) => {
    const watched = new Watched(
      samplerOf({ ...EXPECTED, name: `redis-${index}` }),
      outputTo(new WatchView()).output,
      false,
    );
    return async () => {
      starts.push(performance.now() - begun);
      if (starts.length === 200) stop.abort();
      await watched.look();
    };
  });
  await repeatEach(looks, 1_000, stop.signal);
  // In none of ten parts of the first round are more than some of them.
  const parts = Array.from(
    { length: 10 },
    (_, part) => starts.slice(0, 100).filter((at) => Math.floor(at / 100) === part).length,
  );
  expect(starts.length).toBeGreaterThanOrEqual(200);
  expect(Math.max(...parts)).toBeLessThan(60);
});

test("a terminal shows figures, queues and alarms, and no line is longer than it", async () => {
  const view = new WatchView();
  const sampler = samplerOf(EXPECTED);
  const open = [{ id: "memory-headroom", since: "2026-11-30T22:00:00.000Z", calm: 0 }];
  for (let left = 60; left > 0; left -= 1) view.take(await sampler.sample(), open);
  const first = view.draw(80, 40);
  const sequence = "\u001b[";
  const lines = first.split("\n").map((line) => line.replaceAll(`${sequence}K`, ""));
  for (const line of lines) expect([...line].length).toBeLessThan(80);
  expect(lines[0]).toMatch(/^test test-redis {2}starter, oregon {2}\d\d:\d\d:\d\d UTC {2}ALARM: memory-headroom/);
  expect(first).toMatch(/memory +[▁▂▃▄▅▆▇█]{40} +\d+(\.\d+)? %/);
  expect(first).toMatch(/queue mail: \d waiting, 1 active, the oldest waits \d+ s/);
  expect(first).toContain("! Memory headroom, since 2026-11-30T22:00:00 UTC: ");
  // The next takes its place.
  expect(view.draw(80, 40).startsWith(`${sequence}${lines.length - 1}A`)).toBe(true);
  // A low terminal gets fewer lines.
  expect(new WatchView().draw(80, 3)).toBe("");
  const low = new WatchView();
  low.take(await sampler.sample(), open);
  expect(low.draw(80, 6).split("\n")).toHaveLength(5);
});
