import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { Stop } from "../runtime/errors.ts";
import { writePrivateFile } from "../runtime/private-file.ts";
import { jsonText } from "../runtime/text.ts";
import { sleep } from "../runtime/wait.ts";
import { type Alarm, Alarms, AT_ONCE, alarmSchema, PATIENCE, type Patience } from "./alarms.ts";
import { evidencePath, recordEvidence } from "./evidence.ts";
import { type Message, messageOf } from "./messages.ts";
import type { Messenger } from "./notify.ts";
import { type Sample, SEEN } from "./sample.ts";
import type { Sampler } from "./sampler.ts";

/** Milliseconds from one record of evidence to the next. */
const RECORD_MS = 60_000;
const keptSchema = z.object({ schemaVersion: z.literal(1), alarms: z.array(alarmSchema) });

/** What becomes of samples and messages. */
export interface WatchOutput {
  readonly messenger: Messenger;
  readonly onSample: (sample: Sample, open: readonly Alarm[]) => void;
  readonly onMessage: (message: Message) => void;
  readonly onTrouble: (text: string) => void;
}

/** One instance that is watched. The alarms that were told are kept in a file, so that a restart tells none again. */
export class Watched {
  readonly #sampler: Pick<Sampler, "sample" | "expected">;
  readonly #output: WatchOutput;
  readonly #alarms: Alarms;
  readonly #told: Map<string, Alarm>;
  readonly #path: string;
  #kept = "";
  #recordedAt = Number.NEGATIVE_INFINITY;

  /** @param once Whether it is looked at once, as a timer of the system does. */
  constructor(sampler: Pick<Sampler, "sample" | "expected">, output: WatchOutput, once: boolean) {
    const { environment, name } = sampler.expected;
    this.#sampler = sampler;
    this.#output = output;
    this.#path = join(
      dirname(evidencePath({ environment, operation: "watch" })),
      `alarms-${encodeURIComponent(name)}.json`,
    );
    const alarms = readAlarms(this.#path);
    this.#told = new Map(alarms.map((alarm) => [alarm.id, alarm]));
    this.#alarms = new Alarms(alarms, (check) => patienceFor(check, once));
  }

  get open(): readonly Alarm[] {
    return this.#alarms.open;
  }

  /** Takes a sample. @returns it, and what becomes of the messages about it: they may take long. */
  async look(): Promise<{ readonly sample: Sample; readonly told: Promise<unknown> }> {
    const begun = new Date();
    const sample = await this.#sampler.sample();
    const events = this.#alarms.judge(sample.results, sample.at);
    const told = Promise.all(
      events.map(async (event) => {
        const message = messageOf(event, sample.expected, sample.instance);
        this.#output.onMessage(message);
        if (!(await this.#output.messenger.send(message))) return;
        const { id } = event.result;
        if (event.event === "begin") this.#told.set(id, { id, since: event.since, calm: 0 });
        else this.#told.delete(id);
        this.#keep();
      }),
    );
    this.#output.onSample(sample, this.open);
    this.#keep();
    this.#record(sample, begun);
    return { sample, told };
  }

  #keep(): void {
    for (const alarm of this.open) if (this.#told.has(alarm.id)) this.#told.set(alarm.id, alarm);
    const text = jsonText({ schemaVersion: 1, alarms: [...this.#told.values()] } satisfies z.input<typeof keptSchema>);
    if (text === this.#kept) return;
    this.#write(() => writePrivateFile(this.#path, text));
    this.#kept = text;
  }

  #record({ expected, instance, results, up }: Sample, begun: Date): void {
    if (performance.now() - this.#recordedAt < RECORD_MS || instance === undefined) return;
    this.#recordedAt = performance.now();
    const open = this.open.map(({ id }) => id);
    const used = results.find(({ id }) => id === "memory-headroom");
    const memory = used !== undefined && "evidence" in used ? used.evidence?.actual : undefined;
    this.#write(() =>
      recordEvidence({
        ...{ environment: expected.environment, operation: "watch", begunAt: begun.toISOString() },
        ...{ instance: { id: instance.id, name: instance.name }, endedAt: new Date().toISOString() },
        outcome: open.length > 0 ? "failed" : up === undefined ? "unknown" : "good",
        summary: open.length > 0 ? `alarms: ${open.join(", ")}` : (memory ?? "memory was not seen"),
        facts: { alarms: open, ...(memory === undefined ? {} : { memory }) },
      }),
    );
  }

  /** A full disk is no reason to watch no longer. */
  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      this.#output.onTrouble(`what was told could not be kept: ${error.code}`);
    }
  }
}

function patienceFor(check: string, once: boolean): Patience {
  if (check !== SEEN.id) return once ? AT_ONCE : PATIENCE;
  // Whether the watch sees anything is no news of the Redis. A single look ends as "not established".
  return { ...PATIENCE, begin: once ? Number.POSITIVE_INFINITY : 20 };
}

function readAlarms(path: string): Alarm[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  try {
    return keptSchema.parse(JSON.parse(text)).alarms;
  } catch {
    throw new Stop("misused", `${path} is not what a watch wrote.`, {
      remedy: "Delete it: open alarms are told again.",
    });
  }
}

/**
 * Looks at instances side by side, again and again until the signal: each at its own moment, so that no second has all of them.
 */
export async function repeatEach(
  looks: readonly (() => Promise<unknown>)[],
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    looks.map(async (look, index) => {
      await sleep((index / looks.length) * everyMs, signal);
      while (!signal.aborted) {
        const next = performance.now() + everyMs;
        await look();
        await sleep(Math.max(0, next - performance.now()), signal);
      }
    }),
  );
}
