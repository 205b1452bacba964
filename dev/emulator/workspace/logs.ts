import { Hono } from "hono";
import { z } from "zod";
import type { Platform } from "../platform.ts";
import type { LogEntry } from "../workspace/log-book.ts";
import { badRequest, notFound } from "./error.ts";
import { requireOwner } from "./owners.ts";
import { queryValues } from "./pagination.ts";
import { pathParameter, readBody } from "./request.ts";

const MICROSECONDS_PER_HOUR = 3_600_000_000;
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

const query = z.object({
  ownerId: z.string("must be given"),
  direction: z.enum(["forward", "backward"]).default("backward"),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  startTime: z.string().optional(),
  endTime: z.string().optional(),
});

/** `/logs`: the output of services, jobs and instances; and the override of the log stream of each. */
export function logsApi(platform: Platform): Hono {
  const { logs, store } = platform;
  return new Hono()
    .get("/", (context) => {
      const parsed = query.safeParse(context.req.query());
      if (!parsed.success) {
        throw badRequest(parsed.error.issues.map((issue) => `\`${issue.path.join(".")}\` ${issue.message}`).join("; "));
      }
      requireOwner(platform, parsed.data.ownerId);
      const resources = queryValues(context, "resource");
      if (resources === undefined)
        throw badRequest("`resource` must be given: the id of a service, a job or an instance");
      const { direction, limit } = parsed.data;
      const end = readTime("endTime", parsed.data.endTime) ?? Date.now() * 1_000 + 999;
      const start = readTime("startTime", parsed.data.startTime) ?? end - MICROSECONDS_PER_HOUR;
      const types = queryValues(context, "type");
      const found = resources
        .flatMap((resource) => logs.read(resource).map((entry) => ({ resource, entry })))
        .filter(({ entry }) => entry.at >= start && entry.at <= end)
        .filter(({ entry }) => contains(entry, queryValues(context, "text")))
        .filter(({ entry }) => oneOf(levelOf(entry), queryValues(context, "level")))
        .filter(() => oneOf("app", types))
        .toSorted((a, b) => (direction === "forward" ? a.entry.at - b.entry.at : b.entry.at - a.entry.at));
      const shown = found.slice(0, limit);
      const last = shown.at(-1)?.entry.at;
      return context.json({
        hasMore: found.length > shown.length,
        // With these, the same query goes on where this answer ends.
        nextStartTime: writeTime(direction === "forward" && last !== undefined ? last + 1 : start),
        nextEndTime: writeTime(direction === "backward" && last !== undefined ? last - 1 : end),
        logs: shown.map(({ resource, entry }) => logView(resource, entry)),
      });
    })
    .get("/streams/resource/:id", (context) => {
      const id = pathParameter(context, "id");
      const stream = store.state.logStreams.find((candidate) => candidate.resourceId === id);
      if (stream === undefined) throw notFound(id);
      return context.json(stream);
    })
    .put("/streams/resource/:id", async (context) => {
      const resourceId = pathParameter(context, "id");
      requireResource(platform, resourceId);
      const body = await readBody(
        context,
        z.object({ setting: z.enum(["send", "drop"]), endpoint: z.string().default(""), token: z.string().optional() }),
      );
      const stream = { endpoint: body.endpoint, resourceId, setting: body.setting };
      store.state.logStreams = [...store.state.logStreams.filter((other) => other.resourceId !== resourceId), stream];
      store.save();
      return context.json(stream);
    })
    .delete("/streams/resource/:id", (context) => {
      const id = pathParameter(context, "id");
      store.state.logStreams = store.state.logStreams.filter((stream) => stream.resourceId !== id);
      store.save();
      return context.body(null, 204);
    });
}

function requireResource({ keyValues, services }: Platform, id: string): void {
  if (![...keyValues.all, ...services.all].some((resource) => resource.id === id)) throw notFound(id);
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

function contains(entry: LogEntry, texts: readonly string[] | undefined): boolean {
  return texts === undefined || texts.some((text) => entry.message.includes(text));
}

function oneOf(value: string, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || wanted.includes(value);
}

/** Microseconds of an RFC 3339 time, or of seconds since 1970. */
function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1_000_000;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds))
    throw badRequest(`\`${name}\` must be a time such as 2026-06-17T08:15:30Z, got: "${text}"`);
  // Date reads three digits of a second; the next three tell entries of the same millisecond apart.
  const beyond = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? "";
  return milliseconds * 1_000 + Number(beyond.padEnd(3, "0"));
}

function writeTime(microseconds: number): string {
  const iso = new Date(Math.floor(microseconds / 1_000)).toISOString();
  return iso.replace("Z", `${String(microseconds % 1_000).padStart(3, "0")}Z`);
}
