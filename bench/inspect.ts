import { once } from "node:events";
import { createServer } from "node:net";
import { Worker } from "node:worker_threads";
import { runProgram } from "../cli/program.ts";
import { inspect } from "../operations/inspect.ts";
import type { Inspection } from "../operations/inspection.ts";
import { Connection } from "../redis/connection.ts";
import { Child } from "../runtime/child-process.ts";
import { Stop } from "../runtime/errors.ts";
import { sleep, until } from "../runtime/wait.ts";

// A million keys, 60 % of them completed jobs that Bull keeps: what inspect says of them, and what a load on the same server loses.

const KEYS = 1_000_000;
const KEPT = 0.6;
const BATCH = 20_000;
const WARM_UP_MS = 3_000;
const SHARE = 0.1;
const LIMIT = { bytes: 0.05, throughput: 0.05 };

const FILL = `
for id = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local size = 50 + (id * 7919) % 300
  if id <= tonumber(ARGV[3]) then
    redis.call("HSET", "bull:mail:" .. id, "name", "send", "data", string.rep("x", size), "opts", "{}", "timestamp", id)
    redis.call("ZADD", "bull:mail:completed", id, id)
  else
    redis.call("SET", "session:" .. id, string.rep("y", size))
  end
end`;
const SUM = `
local sum, found = 0, redis.call("SCAN", ARGV[1], "COUNT", 20000)
for _, key in ipairs(found[2]) do sum = sum + redis.call("MEMORY", "USAGE", key, "SAMPLES", 0) end
return {found[1], sum}`;
/** Reads and writes as fast as answers come, in a thread of its own, and says how many each second. */
const LOAD = `
const { parentPort, workerData: port } = require("node:worker_threads");
const socket = require("node:net").connect(port, "127.0.0.1");
const [command, replies] = [Buffer.from("*2\\r\\n$3\\r\\nGET\\r\\n$9\\r\\nsession:0\\r\\n".repeat(50)), 50];
let bytes = 0, done = 0;
socket.on("data", (chunk) => { bytes += chunk.length; if (bytes < 5 * replies) return; bytes -= 5 * replies; done += replies; socket.write(command); });
socket.on("connect", () => socket.write(command));
parentPort.on("message", () => { parentPort.postMessage(done); });`;

runProgram(bench, { name: "bench:inspect", ends: "when done" });

async function bench(): Promise<"good" | "failed"> {
  const port = await freePort();
  const server = new Child("redis-server", [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--maxmemory",
    "2gb",
  ]);
  const load = { worker: undefined as Worker | undefined };
  try {
    const address = { host: "127.0.0.1", port, tls: false, username: undefined, password: undefined, db: 0 };
    const signal = new AbortController().signal;
    const open = () => Connection.open(address, { signal, patienceMs: 60_000 }).catch(() => undefined);
    const connection = await until(open, { first: 50, withinMs: 10_000 });
    if (connection === undefined) throw new Stop("failed", "redis-server did not start.");
    for (let from = 1; from <= KEYS; from += BATCH) {
      await connection.send([["EVAL", FILL, "0", String(from), String(from + BATCH - 1), String(KEYS * KEPT)]]);
    }
    let sum = 0;
    for (let cursor: unknown = ""; cursor !== "0"; ) {
      const [reply] = await connection.send([["EVAL", SUM, "0", cursor === "" ? "0" : String(cursor)]]);
      if (!Array.isArray(reply)) throw new Stop("failed", "The sizes could not be summed.");
      [cursor] = reply;
      sum += Number(reply[1]);
    }
    const worker = new Worker(LOAD, { eval: true, workerData: port });
    load.worker = worker;
    const done = async (): Promise<number> => {
      worker.postMessage("how many");
      const [count] = await once(worker, "message");
      return Number(count);
    };
    await sleep(WARM_UP_MS);
    // Before and after, since a machine is not equally fast all the time.
    const rate = async (work: () => Promise<unknown>) => {
      const [begun, before] = [performance.now(), await done()];
      await work();
      return ((await done()) - before) / (performance.now() - begun);
    };
    let found: Inspection | undefined;
    const alone = [await rate(() => sleep(WARM_UP_MS))];
    const beside = await rate(async () => {
      found = await inspect(address, { all: false, share: SHARE, signal, withinMs: 300_000 });
    });
    alone.push(await rate(() => sleep(WARM_UP_MS)));
    if (found === undefined) throw new Stop("failed", "There is no inspection.");
    return judge(found, sum, 1 - beside / (alone.reduce((total, each) => total + each, 0) / alone.length));
  } finally {
    await load.worker?.terminate();
    await server.stop();
  }
}

function judge({ groups, queues, tookMs }: Inspection, sum: number, lost: number): "good" | "failed" {
  const bytes = groups.reduce((total, group) => total + group.bytes, 0);
  const off = Math.abs(bytes - sum) / sum;
  const kept = queues.flatMap(({ states }) => states).find(({ state }) => state === "completed");
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  console.log(`${KEYS.toLocaleString("en")} keys in ${(tookMs / 1_000).toFixed(1)} s`);
  console.log(`  bytes ${percent(off)} off (at most ${percent(LIMIT.bytes)}): ${bytes} of ${sum}`);
  console.log(`  completed jobs found: ${kept?.jobs ?? 0}, ${percent((kept?.bytes ?? 0) / bytes)} of the bytes`);
  console.log(`  throughput lost: ${percent(lost)} (at most ${percent(LIMIT.throughput)})`);
  return off <= LIMIT.bytes && lost <= LIMIT.throughput && kept?.jobs === KEYS * KEPT ? "good" : "failed";
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
