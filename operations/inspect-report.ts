import { type Cause, causesOf } from "../checks/memory-causes.ts";
import { explain } from "../redis/explanations.ts";
import { formatMemorySize } from "../render/memory-size.ts";
import { colors } from "../runtime/colors.ts";
import { harmless, jsonText, markdownText, oneLine } from "../runtime/text.ts";
import { type Bar, barChart, textBar } from "./charts.ts";
import type { Evidence } from "./evidence.ts";
import type { Inspection } from "./inspection.ts";

/** An inspection, what it comes to, and what has grown since the last one. */
export interface InspectReport {
  readonly environment: string;
  readonly instance: { readonly id: string; readonly name: string };
  readonly vantage: string;
  readonly inspection: Inspection;
  readonly causes: readonly Cause[];
  /** What is to be known of how this was found out, and what is wrong beside the memory. */
  readonly notes: readonly string[];
  readonly growth: readonly Growth[];
}

/** What takes more, or less, than it did. */
export interface Growth {
  readonly label: string;
  readonly bytes: number;
  readonly since: string;
}

/** What takes memory, the most first: the queues state by state, and the other keys by their names. */
export function partsOf({ queues, groups }: Inspection): (Bar & { readonly count: number })[] {
  const ofQueues = queues.flatMap(({ db, name, version, states, events }) => {
    const each = states.map(({ state, jobs, bytes }) => part(`${name} (${version}) ${state}${inDb(db)}`, bytes, jobs));
    return events === 0 ? each : [...each, part(`${name} (${version}) events${inDb(db)}`, events, 1)];
  });
  const others = groups
    .filter((group) => !isOfQueue(queues, group))
    .map(({ db, pattern, keys, bytes }) => part(`${pattern}${inDb(db)}`, bytes, keys));
  return [...ofQueues, ...others].filter(({ value }) => value > 0).toSorted((one, other) => other.value - one.value);
}

function part(label: string, bytes: number, count: number) {
  return { label, value: bytes, text: formatMemorySize(bytes), count };
}

const inDb = (db: number) => (db === 0 ? "" : ` in database ${db}`);

function isOfQueue(queues: Inspection["queues"], { db, pattern }: Inspection["groups"][number]): boolean {
  return queues.some((queue) => queue.db === db && ownsKeys(queue, pattern));
}

/** Whether keys of such names are a queue's. In a pattern its name has `*` for numbers. */
function ownsKeys({ name, library }: Inspection["queues"][number], pattern: string): boolean {
  if (library !== "bull") return pattern === name || pattern.endsWith(`:${name}`);
  return pattern
    .split(":")
    .slice(1)
    .join(":")
    .startsWith(`${name.replaceAll(/\d+/g, "*")}:`);
}

/** What an inspection comes to. @param last The evidence of the one before. */
export function judgeInspection(inspection: Inspection, last: Evidence | undefined) {
  const { memory, keys, queues, refused, sizes, write } = inspection;
  const jobs = queues.flatMap(({ name: queue, version, states }) =>
    states.map((each) => ({ queue, version, ...each })),
  );
  const total = partsOf(inspection).reduce((sum, { value }) => sum + value, 0);
  const clients = Math.max(
    memory?.clients ?? 0,
    (inspection.clients ?? []).reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const causes = causesOf({ used: memory?.used ?? total, clients, jobs });
  const notes = [
    ...(write === "OK" ? [] : [`A write is refused: ${explain(write).what} (${write}). ${explain(write).remedy}`]),
    ...(keys.seen < keys.total ? [`${keys.seen} of ${keys.total} keys were seen: allow more time (--deadline).`] : []),
    ...(sizes === "estimated" ? ["Sizes are estimates: MEMORY USAGE is refused here."] : []),
    ...(sizes === "sampled" ? ["Sizes are of some keys of each kind; --all measures every key."] : []),
    ...refused.filter((name) => name === "INFO").map(() => "INFO is refused: the limit is not known here."),
  ];
  return { causes, notes, growth: last === undefined ? [] : growthSince(inspection, last) };
}

/** What is compared the next time. */
export function factsOf(inspection: Inspection): Evidence["facts"] {
  const parts = Object.fromEntries(partsOf(inspection).map(({ label, value }) => [label, value]));
  return { parts, used: inspection.memory?.used ?? null, write: inspection.write };
}

/** Bytes. What changes by less is no growth. */
const LEAST_GROWTH = 1024 ** 2;

function growthSince(inspection: Inspection, { endedAt: since, facts }: Evidence): Growth[] {
  const before = new Map(Object.entries(facts.parts ?? {}));
  const now = new Map(partsOf(inspection).map(({ label, value }) => [label, value]));
  return [...new Set([...now.keys(), ...before.keys()])]
    .map((label) => ({ label, bytes: (now.get(label) ?? 0) - (Number(before.get(label)) || 0), since }))
    .filter(({ bytes }) => Math.abs(bytes) >= LEAST_GROWTH)
    .toSorted((one, other) => Math.abs(other.bytes) - Math.abs(one.bytes));
}

const ROWS = 15;
/** Bytes of a key that is worth a line of its own. */
const LARGE = 1024 ** 2;
const BAR_WIDTH = 30;

/** How an inspection is shown. */
export const INSPECT_FORMATS = {
  table: formatTable,
  json: (report: InspectReport) => jsonText({ schemaVersion: 1, ...report }),
  markdown: formatMarkdown,
  svg: (report: InspectReport) => barChart(headline(report), partsOf(report.inspection).slice(0, ROWS)),
} as const;

function headline({ environment, instance, inspection: { memory } }: InspectReport): string {
  const { used, limit } = memory ?? { used: 0, limit: 0 };
  const share = limit === 0 ? "" : ` of ${formatMemorySize(limit)} (${Math.round((used / limit) * 100)} %)`;
  return `${environment} ${instance.name}: ${memory === undefined ? "" : `${formatMemorySize(used)}${share} `}used`;
}

function formatTable(report: InspectReport): string {
  const { inspection, causes, notes, growth, vantage, instance } = report;
  const parts = partsOf(inspection).slice(0, ROWS);
  const most = Math.max(0, ...parts.map(({ value }) => value));
  const width = Math.max(0, ...parts.map(({ label }) => oneLine(label).length));
  const rows = parts.map(({ label, value, text, count }) => {
    const cells = [oneLine(label).padEnd(width), count.toLocaleString("en").padStart(11), text.padStart(10)];
    return `  ${cells.join(" ")}  ${textBar(value, most, BAR_WIDTH)}`;
  });
  const ages = inspection.queues.flatMap(({ name, oldestWaitingSeconds: age }) =>
    age === undefined ? [] : [`  ${oneLine(name)}: the oldest job has waited ${duration(age)}`],
  );
  const sections = [
    `${colors.bold(oneLine(headline(report)))} ${colors.dim(`${instance.id}, seen from ${vantage}, ${(inspection.tookMs / 1_000).toFixed(1)} s`)}`,
    ...rows,
    ...ages,
    ...inspection.largest
      .filter(({ bytes }) => bytes >= LARGE)
      .slice(0, 3)
      .map(({ key, bytes }) => `  large: ${oneLine(key)}, ${formatMemorySize(bytes)}`),
    ...lasting(inspection).map((line) => `  ${oneLine(line)}`),
    ...growth.slice(0, 5).map((each) => `  ${oneLine(grown(each))}`),
    ...causes.map(
      ({ what, remedy }) => `${colors.yellow("▲")} ${oneLine(what)}\n  ${colors.cyan("→")} ${oneLine(remedy)}`,
    ),
    ...notes.map((note) => colors.dim(oneLine(note))),
  ];
  return harmless(`${sections.join("\n")}\n`);
}

/** The keys that stay for ever, where they are not a queue's. */
function lasting(inspection: Inspection): string[] {
  const { groups, queues } = inspection;
  return groups
    .filter((group) => group.lasting > 0 && !isOfQueue(queues, group))
    .slice(0, 3)
    .map(
      (group) =>
        `without a time to live: ${group.lasting.toLocaleString("en")} of ${group.keys.toLocaleString("en")} ${group.pattern}`,
    );
}

function grown({ label, bytes, since }: Growth): string {
  const sign = bytes > 0 ? "+" : "−";
  return `since ${since.slice(0, 16).replace("T", " ")}: ${sign}${formatMemorySize(Math.abs(bytes))} ${label}`;
}

function formatMarkdown(report: InspectReport): string {
  const rows = partsOf(report.inspection)
    .slice(0, ROWS)
    .map(({ label, count, text }) => `| ${markdownText(label)} | ${count} | ${text} |`);
  const lines = [
    ...report.causes.map(({ what, remedy }) => `${what}. ${remedy}`),
    ...report.growth.slice(0, 5).map(grown),
    ...report.notes,
  ];
  const table = ["| what | number | bytes |", "|-|-:|-:|", ...rows, ""];
  return [
    `## ${markdownText(headline(report))}\n`,
    ...lines.map((line) => `- ${markdownText(line)}`),
    "",
    ...table,
  ].join("\n");
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
