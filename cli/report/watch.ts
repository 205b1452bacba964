import type { Alarm } from "../../operations/alarms.ts";
import { type Figures, figuresOf } from "../../operations/figures.ts";
import { lasting } from "../../operations/messages.ts";
import type { QueueCount } from "../../operations/queue-counts.ts";
import type { Sample } from "../../operations/sample.ts";
import { formatMemorySize } from "../../render/memory-size.ts";
import { oneLine } from "../../runtime/text.ts";

/** Samples whose figures are shown as a line of bars: ten minutes at the default. */
const SHOWN = 40;
const BARS = [..."▁▂▃▄▅▆▇█"];
/** Queues of an instance that are named. */
const MOST_QUEUES = 5;

interface Shown {
  readonly sample: Sample;
  readonly open: readonly Alarm[];
  readonly figures: readonly Figures[];
}

/** What a terminal shows of the instances that are watched, with the figures of the last samples. */
export class WatchView {
  readonly #shown = new Map<string, Shown>();
  #lines = 0;

  take(sample: Sample, open: readonly Alarm[]): void {
    const { environment, name } = sample.expected;
    const key = `${environment} ${name}`;
    const before = this.#shown.get(key);
    const figures = [...(before?.figures ?? []), figuresOf(sample, before?.sample)].slice(-SHOWN);
    this.#shown.set(key, { sample, open, figures });
  }

  /** The text that takes the place of the one before. */
  draw(columns: number, rows: number): string {
    const all = [...this.#shown.values()];
    const blocks = all.map((shown) => (all.length > 3 ? [line(shown)] : block(shown)));
    const lines = blocks.flat().slice(0, Math.max(1, rows - 2));
    const above = this.#lines === 0 ? "" : `\u001b[${this.#lines}A`;
    // What is no longer there is wiped.
    const wiped = Array.from({ length: Math.max(0, this.#lines - lines.length) }, () => "");
    this.#lines = lines.length + wiped.length;
    return above + [...lines, ...wiped].map((text) => `\u001b[K${cut(text, columns - 1)}\n`).join("");
  }
}

function block({ sample, open, figures }: Shown): string[] {
  const { expected, at, queues, results } = sample;
  const now = figures.at(-1);
  if (now === undefined) return [];
  const bars = (read: (each: Figures) => number | null, most?: number | null) => barsOf(figures.map(read), most);
  const seen = (name: string, chart: string, text: string) => `  ${name.padEnd(13)}${chart.padEnd(SHOWN)}  ${text}`;
  const { usedBytes, maxBytes, memoryPercent, connections, maxConnections } = now;
  return [
    `${title(sample)}  ${expected.plan}, ${expected.region}  ${at.toISOString().slice(11, 19)} UTC  ${state(sample, open)}`,
    seen(
      "memory",
      bars((each) => each.usedBytes, maxBytes),
      `${shown(memoryPercent, " %")}${usedBytes === null ? "" : ` (${formatMemorySize(usedBytes)})`}`,
    ),
    seen(
      "connections",
      bars((each) => each.connections, maxConnections),
      `${shown(connections)} of ${shown(maxConnections)}`,
    ),
    seen(
      "commands/s",
      bars((each) => each.commandsPerSecond),
      shown(now.commandsPerSecond),
    ),
    seen(
      "hit rate",
      bars((each) => each.hitPercent, 100),
      shown(now.hitPercent, " %"),
    ),
    seen(
      "evicted keys",
      bars((each) => each.evictedKeys),
      shown(now.evictedKeys),
    ),
    seen(
      "latency",
      bars((each) => each.latencyMs),
      shown(now.latencyMs, " ms"),
    ),
    ...queues.slice(0, MOST_QUEUES).map((queue) => `  queue ${queueText(queue)}`),
    ...(queues.length > MOST_QUEUES ? [`  and ${queues.length - MOST_QUEUES} queues more`] : []),
    ...open.map(({ id, since }) => {
      const result = results.find((each) => each.id === id);
      const what = result !== undefined && "evidence" in result ? (result.evidence?.actual ?? "") : "";
      return `  ! ${result?.title ?? id}, since ${since.slice(0, 19)} UTC: ${what}`;
    }),
  ].map(oneLineKeepingSpace);
}

/** Of many instances each is one line. */
function line({ sample, open, figures }: Shown): string {
  const now = figures.at(-1);
  const figure = `${shown(now?.memoryPercent ?? null, " %").padStart(8)}  ${shown(now?.connections ?? null).padStart(6)} connections`;
  return oneLineKeepingSpace(`${title(sample).padEnd(40)}${figure}  ${state(sample, open)}`);
}

function title({ expected: { environment, name } }: Sample): string {
  return `${environment} ${name}`;
}

function state({ up, results }: Sample, open: readonly Alarm[]): string {
  if (open.length > 0) return `ALARM: ${open.map(({ id }) => id).join(", ")}`;
  if (up === undefined) return "not seen";
  const warned = results.filter(({ status }) => status === "warn" || status === "fail").map(({ id }) => id);
  return warned.length === 0 ? "good" : `look at: ${warned.join(", ")}`;
}

function queueText({ queue, jobs, oldestSeconds }: QueueCount): string {
  const counts = Object.entries(jobs).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name}`]));
  const oldest = oldestSeconds === undefined ? [] : [`the oldest waits ${lasting(oldestSeconds * 1_000)}`];
  return `${queue}: ${[...(counts.length === 0 ? ["empty"] : counts), ...oldest].join(", ")}`;
}

/** A bar for each value: against the most that can be, or else the most that there was. */
function barsOf(values: readonly (number | null)[], most?: number | null): string {
  const top = most || Math.max(1, ...values.map((value) => value ?? 0));
  return values
    .map((value) => (value === null ? " " : BARS[Math.min(BARS.length - 1, Math.floor((value / top) * BARS.length))]))
    .join("");
}

function shown(value: number | null, unit = ""): string {
  return value === null ? "?" : `${value}${unit}`;
}

function oneLineKeepingSpace(text: string): string {
  return text.split(" ").map(oneLine).join(" ");
}

function cut(text: string, columns: number): string {
  const letters = [...text];
  return letters.length <= columns ? text : `${letters.slice(0, columns - 1).join("")}…`;
}
