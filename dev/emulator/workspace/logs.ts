import type { z } from "zod";
import type { RENDER_API } from "../api/endpoints.ts";
import { invalid, missing } from "../state/refusal.ts";
import type { Store } from "../state/store.ts";
import type { LogBook, LogEntry } from "./log-book.ts";
import { requireOwner } from "./owner.ts";

const MICROSECONDS_PER_HOUR = 3_600_000_000;
const DEFAULT_LIMIT = 20;

type LogsQuery = z.output<typeof RENDER_API.getLogs.sent>;
type LogsAnswer = z.input<typeof RENDER_API.getLogs.answer>;
type NewStream = z.output<typeof RENDER_API.setLogStream.sent>;

/** The output of services, jobs and instances, as the API shows it; and the log stream of each. */
export class Logs {
  readonly #store: Store;
  readonly #book: LogBook;

  constructor(store: Store, book: LogBook) {
    this.#store = store;
    this.#book = book;
  }

  read(query: LogsQuery): LogsAnswer {
    requireOwner(this.#store, query.ownerId);
    const { direction = "backward", limit = DEFAULT_LIMIT } = query;
    const end = readTime("endTime", query.endTime) ?? Date.now() * 1_000 + 999;
    const start = readTime("startTime", query.startTime) ?? end - MICROSECONDS_PER_HOUR;
    const [texts, levels, types] = [split(query.text), split(query.level), split(query.type)];
    const found = query.resource
      .split(",")
      .flatMap((resource) => this.#book.read(resource).map((entry) => ({ resource, entry })))
      .filter(({ entry }) => entry.at >= start && entry.at <= end)
      .filter(({ entry }) => texts === undefined || texts.some((text) => entry.message.includes(text)))
      .filter(({ entry }) => levels?.includes(levelOf(entry)) ?? true)
      .filter(() => types?.includes("app") ?? true)
      .toSorted((a, b) => (direction === "forward" ? a.entry.at - b.entry.at : b.entry.at - a.entry.at));
    const shown = found.slice(0, limit);
    const last = shown.at(-1)?.entry.at;
    return {
      hasMore: found.length > shown.length,
      nextStartTime: writeTime(direction === "forward" && last !== undefined ? last + 1 : start),
      nextEndTime: writeTime(direction === "backward" && last !== undefined ? last - 1 : end),
      logs: shown.map(({ resource, entry }) => logView(resource, entry)),
    };
  }

  stream(resourceId: string) {
    const found = this.#streams.find((stream) => stream.resourceId === resourceId);
    if (found === undefined) throw missing(resourceId);
    return found;
  }

  setStream(resourceId: string, { setting, endpoint = "" }: NewStream) {
    const { keyValues, services } = this.#store;
    if (!keyValues.has(resourceId) && !services.has(resourceId)) throw missing(resourceId);
    const stream = { endpoint, resourceId, setting };
    this.deleteStream(resourceId);
    this.#store.change({ logStreams: [...this.#streams, stream] });
    return stream;
  }

  deleteStream(resourceId: string): void {
    this.#store.change({ logStreams: this.#streams.filter((stream) => stream.resourceId !== resourceId) });
  }

  get #streams() {
    return this.#store.settings.logStreams;
  }
}

/** Several values are separated by commas. */
function split(text: string | undefined): string[] | undefined {
  return text?.split(",");
}

function logView(resource: string, entry: LogEntry) {
  return {
    id: entry.id,
    message: entry.message,
    timestamp: writeTime(entry.at),
    labels: [
      { name: "resource", value: resource },
      { name: "instance", value: `${resource}-local` },
      { name: "level", value: levelOf(entry) },
      { name: "type", value: "app" },
    ],
  };
}

function levelOf(entry: LogEntry): string {
  return entry.stream === "stderr" ? "error" : "info";
}

/** Microseconds of an RFC 3339 time, or of seconds since 1970. */
function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1_000_000;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds))
    throw invalid(`\`${name}\` must be a time such as 2026-06-17T08:15:30Z, got: "${text}"`);
  // Date reads three digits of a second; the next three tell entries of the same millisecond apart.
  const beyond = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? "";
  return milliseconds * 1_000 + Number(beyond.padEnd(3, "0"));
}

function writeTime(microseconds: number): string {
  const iso = new Date(Math.floor(microseconds / 1_000)).toISOString();
  return iso.replace("Z", `${String(microseconds % 1_000).padStart(3, "0")}Z`);
}
