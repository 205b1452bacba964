import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { runProgram } from "../cli/program.ts";
import { listen } from "../dev/emulator/machine/listen.ts";
import { REPOSITORY } from "../dev/rehearsal.ts";
import { backUp } from "../operations/backup.ts";
import { copy } from "../operations/copy.ts";
import { FOR_VALUES, openStore, type Store } from "../operations/dumps.ts";
import { Connection } from "../redis/connection.ts";
import { listIn, textsIn } from "../redis/queue-keys.ts";
import { ask } from "../redis/session.ts";
import { Child } from "../runtime/child-process.ts";
import { type Outcome, Stop } from "../runtime/errors.ts";
import { sleep, until } from "../runtime/wait.ts";

/** A backup against a bare loop, in turns; what backup and restore take of memory; what a copy that is followed finds. */
const ROUNDS = 3;
const KEYS = 1_000_000;
const LIMITS = { speed: 0.8, megabytes: 150, sweeps: 3 } as const;
/** Strings, hashes, lists, sets, sorted sets and streams, of which some expire; some hundred bytes each, and a few large ones. */
const FILL = `
for i = ARGV[1], ARGV[2] do
  local kind, text = i % 10, string.rep(string.char(i % 256), i % 200) .. i
  if kind < 5 then redis.call("SET", "text:" .. i, text)
  elseif kind == 5 then redis.call("HSET", "hash:" .. i, "a", text, "b", i)
  elseif kind == 6 then redis.call("RPUSH", "list:" .. i, text, i, "c")
  elseif kind == 7 then redis.call("SADD", "set:" .. i, text, i, "c")
  elseif kind == 8 then redis.call("ZADD", "zset:" .. i, i / 3, text, i, "c")
  else redis.call("XADD", "stream:" .. i, "1-1", "a", text) end
  if i % 7 == 0 and kind < 5 then redis.call("EXPIRE", "text:" .. i, 86400 + i) end
  if i % 50000 == 0 then
    redis.call("SET", "large:" .. i, string.rep("large", 2000000))
    for member = 1, 5000 do redis.call("SADD", "large-set:" .. i, member .. text) end
  end
end`;

runProgram(bench, { name: "bench:backup", ends: "when done" });

async function bench(): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "bench-backup-"));
  const servers: Child[] = [];
  const start = async () => {
    const place = createServer();
    const port = await listen(place, 0);
    await new Promise((resolve) => place.close(resolve));
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--enable-debug-command", "yes"];
    servers.push(new Child("redis-server", args, { cwd: directory }));
    return { port, store: await until(() => open(port).catch(() => undefined), { first: 50, withinMs: 10_000 }) };
  };
  try {
    const [one, other] = [await start(), await start()];
    if (one.store === undefined || other.store === undefined) throw new Stop("unknown", "redis-server did not start.");
    for (let from = 1; from <= KEYS; from += 10_000) {
      await ask(one.store.connection, "EVAL", FILL, "0", String(from), String(from + 9_999));
    }
    const failures = [
      await benchSpeed(one.store, one.port, join(directory, "speed")),
      await benchMemory(one, other, join(directory, "backup")),
      await benchFollow(one.store, other.store),
    ];
    return failures.includes(true) ? "failed" : "good";
  } finally {
    for (const server of servers) await server.stop(0);
    rmSync(directory, { recursive: true });
  }
}

async function open(port: number): Promise<Store> {
  const { signal } = new AbortController();
  return openStore(await connect(port), 1, signal);
}

function connect(port: number): Promise<Connection> {
  const address = { host: "127.0.0.1", port, tls: false, username: undefined, password: undefined, db: 0 };
  return Connection.open(address, { ...FOR_VALUES, signal: new AbortController().signal });
}

/** How fast a backup without encryption is, against a loop that reads the same and drops it. */
async function benchSpeed(store: Store, port: number, path: string): Promise<boolean> {
  const bare = await connect(port);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const loop = await milliseconds(() => bareLoop(bare));
    const backup = await milliseconds(async () => {
      const file = createWriteStream(path);
      const about = { environment: "bench", instance: { id: "bench", name: "bench" } };
      await backUp(store, file, { about, byType: false, lock: {}, onProgress: () => {} });
      await finished(file);
    });
    ratios.push(loop / backup);
    print(`  round ${round + 1}: bare loop ${(loop / 1_000).toFixed(1)} s, backup ${(backup / 1_000).toFixed(1)} s`);
  }
  bare.close();
  const ratio = ratios.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  return judge(`backup ÷ bare SCAN + DUMP: ${ratio.toFixed(2)} (at least ${LIMITS.speed})`, ratio >= LIMITS.speed);
}

async function bareLoop(connection: Connection): Promise<void> {
  let cursor = "0";
  do {
    const [next, keys] = listIn(await ask(connection, "SCAN", cursor, "COUNT", "500"));
    await connection.send(textsIn(keys).map((key) => ["DUMP", key]));
    cursor = String(next);
  } while (cursor !== "0");
}

type Side = { readonly port: number; readonly store: Store | undefined };

async function benchMemory(one: Side, other: Side, path: string): Promise<boolean> {
  const url = ({ port }: Side) => `redis://127.0.0.1:${port}`;
  const env = { ...process.env, FROM: url(one), TO: url(other) };
  const backup = await peak(["backup", "env:FROM", "--out", path, "--share", "100"], env);
  const restored = await peak(["restore", path, "env:TO", "--share", "100"], env);
  const digests = await Promise.all(
    [one, other].map(({ store }) => store?.connection.send([["DEBUG", "DIGEST"], ["DBSIZE"]])),
  );
  const [before, after] = digests.map((digest) => JSON.stringify(digest));
  return [
    judge(`restored: the server's digest of ${KEYS} keys is the same: ${before}`, before === after),
    judge(`backup took ${backup.toFixed(0)} MB (at most ${LIMITS.megabytes})`, backup <= LIMITS.megabytes),
    judge(`restore took ${restored.toFixed(0)} MB (at most ${LIMITS.megabytes})`, restored <= LIMITS.megabytes),
  ].includes(true);
}

/** Megabytes that a command has at most in memory. */
async function peak(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = new Child("node", [join(REPOSITORY, "render-redis.mjs"), ...args], { cwd: REPOSITORY, env });
  let most = 0;
  while (child.running) {
    try {
      const [, kilobytes = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
      most = Math.max(most, Number(kilobytes));
    } catch {
      // It has just ended.
    }
    await sleep(20);
  }
  const { code, stdout, stderr } = await child.ended;
  if (code !== 0) throw new Stop("failed", `${args[0]} failed:\n${stderr}`);
  print(stdout.trimEnd().replaceAll(/^/gm, "  "));
  return most / 1_024;
}

/** Lets one percent of the keys change after each of the first two sweeps. */
async function benchFollow(from: Store, to: Store): Promise<boolean> {
  await ask(to.connection, "FLUSHALL");
  const change = `for i = ARGV[1], ${KEYS}, 100 do redis.call("SET", "text:" .. i, "changed " .. i .. ARGV[2]) end`;
  let sweeps = 0;
  let changing: Promise<unknown> = Promise.resolve();
  const { different } = await copy(from, to, {
    follow: true,
    signal: new AbortController().signal,
    onPaused: () => {},
    onProgress: (text) => {
      print(`  ${text}`);
      if (!text.startsWith("sweep")) return;
      sweeps += 1;
      if (sweeps === 1) changing = from.connection.send([["EVAL", change, "0", "1", String(sweeps)]]);
    },
  });
  await changing;
  return [
    judge(`a copy that is followed: equal after ${sweeps} sweeps (at most ${LIMITS.sweeps})`, sweeps <= LIMITS.sweeps),
    judge(`${different.size} keys differ`, different.size === 0),
  ].includes(true);
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** @returns Whether it failed. */
function judge(text: string, holds: boolean): boolean {
  print(`${holds ? "✔" : "✘"} ${text}`);
  return !holds;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
