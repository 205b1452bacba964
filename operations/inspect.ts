import type { RedisAddress } from "../redis/address.ts";
import { RedisFailure } from "../redis/failure.ts";
import { parseInfo } from "../redis/info.ts";
import { ownName } from "../redis/own-name.ts";
import { QueueSearch } from "../redis/queue-keys.ts";
import { byQueue, libraryOf, waitingSince } from "../redis/queues.ts";
import { inSession } from "../redis/session.ts";
import { type Measure, type StateSize, sizeStates, sizesOf } from "../redis/sizes.ts";
import { findAllowed } from "./allowed.ts";
import type { Inspection } from "./inspection.ts";
import { KeyGroups } from "./key-groups.ts";
import { databasesOf, PacedConnection, sweep } from "./keys.ts";

/** How thoroughly, and at what cost to others. */
export interface InspectTask {
  /** Measure every key, not some of each kind. */
  readonly all: boolean;
  /** The share of the server's time that it may take. */
  readonly share: number;
}

export interface InspectOptions extends InspectTask {
  readonly signal: AbortSignal;
  /** Milliseconds. What is not seen by then is told. */
  readonly withinMs: number;
  readonly onProgress?: (text: string) => void;
}

/** Of the time, what is left for the queues once keys are swept. */
const SWEEP_SHARE = 0.7;
/** Jobs of each state that are measured. */
const JOBS = 500;
const LARGEST = 10;
const GROUPS = 40;
const CLIENTS = 5;
const WRITE_MS = "10000";

/**
 * Looks at what takes the memory of a Redis. Read-only, but for one small key that it writes and deletes.
 *
 * @throws RedisFailure when there is no connection, or it ends.
 */
export function inspect(address: RedisAddress, options: InspectOptions): Promise<Inspection> {
  // One character a byte: keys may be of any bytes.
  return inSession(address, { signal: options.signal, encoding: "latin1" }, async (connection) => {
    const begun = performance.now();
    const until = begun + options.withinMs * SWEEP_SHARE;
    const allowed = await findAllowed(connection, ["INFO", "SCAN", "MEMORY USAGE", "CLIENT LIST"]);
    if (!allowed.SCAN) throw new RedisFailure("NOPERM");
    const paced = new PacedConnection(connection, options.share, options.signal);
    const by = !allowed["MEMORY USAGE"] ? "estimate" : options.all ? "all elements" : "some elements";
    const seen: Omit<Looked, "keys" | "seen">[] = [];
    const keys = { total: 0, seen: 0 };
    for (const [db, total] of await databasesOf(connection)) {
      await connection.send([["SELECT", String(db)]]);
      const found = await inspectDatabase(paced, { ...options, db, total, until, measure: { by } });
      keys.total += found.keys;
      keys.seen += found.seen;
      seen.push(found);
    }
    const [info, written, list] = await connection.send([["INFO"], ...trial(), ["CLIENT", "LIST"]]).then((replies) => {
      return [replies[0], replies[1], replies[3]];
    });
    const memory = typeof info === "string" ? memoryOf(info) : undefined;
    return {
      takenAt: new Date().toISOString(),
      tookMs: Math.round(performance.now() - begun),
      refused: Object.entries(allowed)
        .flatMap(([name, may]) => (may ? [] : [name]))
        .toSorted(),
      sizes: by === "estimate" ? "estimated" : options.all ? "exact" : "sampled",
      keys,
      ...(memory === undefined ? {} : { memory }),
      write: written instanceof RedisFailure ? written.kind : "OK",
      queues: seen.flatMap(({ queues }) => queues),
      groups: largestOf(
        seen.flatMap(({ groups }) => groups),
        GROUPS,
      ),
      largest: largestOf(
        seen.flatMap(({ largest }) => largest),
        LARGEST,
      ),
      ...(typeof list === "string" ? { clients: largestOf(clientsIn(list), CLIENTS) } : {}),
    };
  });
}

interface Looked extends Pick<Inspection, "queues" | "groups" | "largest"> {
  readonly keys: number;
  readonly seen: number;
}

interface Database extends InspectOptions {
  readonly db: number;
  readonly total: number;
  readonly until: number;
  readonly measure: Measure;
}

async function inspectDatabase(paced: PacedConnection, database: Database): Promise<Looked> {
  const { db, total, all, until, measure, onProgress } = database;
  const groups = new KeyGroups(all);
  const search = new QueueSearch();
  for await (const keys of sweep(paced)) {
    for (const key of keys) search.add(key);
    const chosen = groups.choose(keys);
    const sizes = await sizesOf(paced, chosen, measure);
    const lives = await paced.send(chosen.map((key) => ["PTTL", key]));
    groups.measured(chosen.map((key, index) => ({ key, bytes: sizes[index] ?? 0, lasting: lives[index] === -1 })));
    onProgress?.(`${groups.seen} of ${total} keys`);
    if (performance.now() > until) break;
  }
  const keys = await search.find(paced);
  onProgress?.(`measuring ${keys.length} lists of jobs`);
  const states = await sizeStates(paced, keys, all ? Number.POSITIVE_INFINITY : JOBS, measure);
  const queues: Inspection["queues"] = [];
  for (const own of byQueue(states)) queues.push(await inspectQueue(paced, own, db, measure));
  const scale = groups.seen < total ? total / Math.max(1, groups.seen) : 1;
  const lists = states.map(({ key, ownBytes }) => ({ key, bytes: ownBytes }));
  return {
    keys: Math.max(total, groups.seen),
    seen: groups.seen,
    queues,
    groups: groups.list(scale).map((group) => ({ db, ...group, pattern: shown(group.pattern) })),
    largest: [
      ...new Map([...groups.largest, ...lists].map(({ key, bytes }) => [key, { db, key: shown(key), bytes }])).values(),
    ],
  };
}

async function inspectQueue(
  paced: PacedConnection,
  states: readonly StateSize[],
  db: number,
  measure: Measure,
): Promise<Inspection["queues"][number]> {
  const [first] = states;
  if (first === undefined) throw new Error("a queue has at least one key");
  const since = Math.min(...(await waitingSince(paced, states)).filter((time) => time !== undefined));
  const [events = 0] = first.library === "bull" ? await sizesOf(paced, [`${first.base}:events`], measure) : [];
  return {
    db,
    name: shown(first.queue),
    library: first.library,
    version: await libraryOf(paced, first),
    states: states.map(({ state, jobs, bytes }) => ({ state, jobs, bytes })),
    ...(since === Number.POSITIVE_INFINITY
      ? {}
      : { oldestWaitingSeconds: Math.max(0, Math.round((Date.now() - since) / 1_000)) }),
    events,
  };
}

/** Full memory answers PING and refuses writes. */
function trial(): [string[], string[]] {
  const key = ownName();
  return [
    ["SET", key, "1", "PX", WRITE_MS, "NX"],
    ["DEL", key],
  ];
}

function memoryOf(text: string): Inspection["memory"] {
  const info = parseInfo(text);
  const number = (name: string) => Number(info[name] ?? 0) || 0;
  return {
    used: number("used_memory"),
    limit: number("maxmemory"),
    ...("used_memory_dataset" in info ? { dataset: number("used_memory_dataset") } : {}),
    clients: number("mem_clients_normal"),
    ...(info.maxmemory_policy === undefined ? {} : { policy: info.maxmemory_policy }),
  };
}

function clientsIn(list: string): NonNullable<Inspection["clients"]> {
  return list.split("\n").flatMap((line) => {
    const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? "";
    const bytes = Number(field("tot-mem")) || Number(field("omem")) + Number(field("qbuf"));
    if (!line.startsWith("id=")) return [];
    return [{ name: shown(field("name")), address: field("addr"), command: field("cmd"), bytes }];
  });
}

function largestOf<T extends { readonly bytes: number }>(all: readonly T[], most: number): T[] {
  return all.toSorted((one, other) => other.bytes - one.bytes).slice(0, most);
}

/** A name that was read byte by byte, as text. */
function shown(name: string): string {
  return Buffer.from(name, "latin1").toString();
}
