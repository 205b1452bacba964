import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer as createApi } from "node:http";
import { connect, createServer, type NetConnectOpts, type Server } from "node:net";
import { join } from "node:path";
import { allChecks } from "../checks/catalogue/all-checks.ts";
import { exitCodeOf } from "../checks/verdict.ts";
import { Verification } from "../checks/verification.ts";
import { verify } from "../checks/verify.ts";
import { runProgram } from "../cli/program.ts";
import { RENDER_API } from "../dev/emulator/api/endpoints.ts";
import { listen } from "../dev/emulator/machine/listen.ts";
import { REPOSITORY, Rehearsal } from "../dev/rehearsal.ts";
import { RenderClient } from "../render/api/client.ts";
import { API } from "../render/api/endpoints.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import { runChild } from "../runtime/child-process.ts";
import { Deadline } from "../runtime/deadline.ts";
import { type Outcome, Stop } from "../runtime/errors.ts";
import { Secrets } from "../runtime/secrets.ts";
import { until } from "../runtime/wait.ts";

/** What the checks cost, as ratios, so that they mean the same on every machine. Every pair is measured in turns. */
const RUNS = 25;
const LATENCY_MS = 100;
const ENVIRONMENTS = 20;

const PROGRAM = join(REPOSITORY, "render-redis.mjs");
const LIMITS = { start: 2.2, plain: 2, secured: 3, environments: 2 } as const;

const EXPECTED: ExpectedInstance = {
  environment: "bench",
  name: "bench-redis",
  region: "oregon",
  plan: "starter",
  evictionPolicy: "noeviction",
  persistence: "journal_snapshot",
  ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
  internalAuthentication: false,
};

/** What one pipeline, and Render's API, answer. */
const core = allChecks.filter(({ observes, about }) => observes === undefined && about === undefined);

runProgram(bench, { name: "bench:checks", ends: "when done" });

async function bench(): Promise<Outcome> {
  const rehearsal = await Rehearsal.start({ provider: "registry", creationDelayMs: 1, rateLimits: "off" });
  try {
    const redis = await createRedis(rehearsal);
    const nothing = join(rehearsal.render.directory, "nothing.cjs");
    writeFileSync(nothing, "");
    const failures = [
      await benchStart(redis, nothing),
      ...(await benchRoundTrips(redis)),
      await benchEnvironments(redis),
    ];
    return failures.includes(true) ? "failed" : "good";
  } finally {
    await rehearsal.stop();
  }
}

/** An instance of the emulator, and how to reach it. */
interface Redis {
  readonly id: string;
  readonly rehearsal: Rehearsal;
  /** With TLS and a password. */
  readonly url: string;
  /** Without: where its server listens. */
  readonly socket: string;
}

async function createRedis(rehearsal: Rehearsal): Promise<Redis> {
  const { client, render } = rehearsal;
  const { name, region, plan, evictionPolicy, persistence, ipAllowList } = EXPECTED;
  const settings = { name, region, plan, ipAllowList: [...ipAllowList], maxmemoryPolicy: evictionPolicy };
  const body = { ...settings, persistenceMode: persistence, ownerId: render.ownerId };
  const { id } = await client.call(RENDER_API.createKeyValue, {}, body);
  await until(async () => (await client.call(API.getKeyValue, { id })).status === "available", { first: 50 });
  const { externalConnectionString: url } = await client.call(API.getConnectionInfo, { id });
  return { id, rehearsal, url, socket: join(render.socketDirectory, region, id, "s") };
}

/** The wall time of a whole verification, started as Terraform starts it, against a Node that does nothing. */
async function benchStart(redis: Redis, nothing: string): Promise<boolean> {
  // The first run leaves compiled code behind.
  await timeChecks(redis);
  const times = { nothing: [] as number[], checks: [] as number[] };
  for (let run = 0; run < RUNS; run += 1) {
    times.nothing.push(await timeNothing(nothing));
    times.checks.push(await timeChecks(redis));
  }
  const [bare, whole] = [median(times.nothing), median(times.checks)];
  const detail = `${core.length} checks ${whole.toFixed(0)} ms, bare Node ${bare.toFixed(0)} ms`;
  return exceeds("wall time of the core checks ÷ bare Node", whole / bare, LIMITS.start, detail);
}

async function timeChecks(redis: Redis): Promise<number> {
  const started = performance.now();
  const code = await runChecks(redis);
  if (code !== 0) throw new Stop("failed", `the checks ended with ${code}`);
  return performance.now() - started;
}

async function timeNothing(nothing: string): Promise<number> {
  const started = performance.now();
  await runChild(process.execPath, [nothing]);
  return performance.now() - started;
}

/** The core checks as Terraform's provisioner runs them; answers with the exit code. */
async function runChecks({ id, rehearsal }: Redis, host = rehearsal.render.host): Promise<number | null> {
  const args = [PROGRAM, "step", "checks", ...core.flatMap(({ id }) => ["--only", id])];
  const { code } = await runChild(process.execPath, args, {
    env: {
      PATH: process.env.PATH,
      RENDER_HOST: host,
      RENDER_API_KEY: rehearsal.render.apiKey,
      REDIS_INSTANCE_ID: id,
      SERVICE_IDS: "[]",
      REDIS_EXPECTED: JSON.stringify(EXPECTED),
      TERRAFORM_DIRECTORY: "no/such/directory",
      REDIS_CHECKS: JSON.stringify({ deadlineSeconds: 30, acceptUnknown: false }),
      NODE_EXTRA_CA_CERTS: rehearsal.render.caFile,
    },
  });
  return code;
}

/** Round trips of the core checks, TCP's own included, as a proxy in between counts them. */
async function benchRoundTrips(redis: Redis): Promise<boolean[]> {
  const outcomes: boolean[] = [];
  const port = Number(new URL(redis.url).port);
  for (const [name, target, url, limit] of [
    ["plain", { path: redis.socket }, (port: number) => `redis://localhost:${port}`, LIMITS.plain],
    ["TLS and password", { port }, (port: number) => redis.url.replace(/\d+$/, String(port)), LIMITS.secured],
  ] as const) {
    const proxy = await countingProxy(target);
    const api = await apiThatTells(redis, url(proxy.port));
    // Without TLS the `tls` check fails; how often the network is crossed does not depend on what is found.
    await runChecks(redis, api.host);
    outcomes.push(exceeds(`round trips of the core checks, ${name}`, proxy.trips(), limit, "TCP's own included"));
    await Promise.all([proxy.stop(), api.stop()]);
  }
  return outcomes;
}

/** The emulator's API, with another address of the instance. Every answer takes some milliseconds more. */
async function apiThatTells({ rehearsal, url }: Redis, other: string, latencyMs = 0) {
  const server = createApi(async (request, response) => {
    const authorization = request.headers.authorization ?? "";
    const answer = await fetch(new URL(request.url ?? "", rehearsal.render.host), { headers: { authorization } });
    const text = (await answer.text()).replaceAll(url, other);
    setTimeout(() => response.writeHead(answer.status, { "content-type": "application/json" }).end(text), latencyMs);
  });
  const { port, stop } = await served(server);
  return { host: `http://127.0.0.1:${port}/v1`, stop };
}

/** Hands everything on, late, and counts how often the client speaks after it has listened. */
async function countingProxy(to: NetConnectOpts) {
  let trips = 0;
  const server = createServer((client) => {
    let listened = true;
    trips += 1;
    const target = connect(to);
    const end = () => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) socket.on("error", end).on("close", end);
    client.on("data", (chunk) => {
      if (listened) trips += 1;
      listened = false;
      setTimeout(() => target.writable && target.write(chunk), LATENCY_MS / 2);
    });
    target.on("data", (chunk) => {
      setTimeout(() => {
        listened = true;
        if (client.writable) client.write(chunk);
      }, LATENCY_MS / 2);
    });
  });
  return { ...(await served(server)), trips: () => trips };
}

/** What is needed of a server that listens. */
async function served(server: Server) {
  const port = await listen(server, 0);
  const stop = async () => {
    server.close();
    await once(server, "close");
  };
  return { port, stop };
}

/** Many environments in one run against one, with a distance between here and there. */
async function benchEnvironments(redis: Redis): Promise<boolean> {
  const way = await countingProxy({ path: redis.socket });
  const api = await apiThatTells(redis, `redis://localhost:${way.port}`, LATENCY_MS);
  // Without TLS, which this process would need another authority for, the `tls` check fails.
  const checks = allChecks.filter(({ id, about }) => about === undefined && id !== "tls" && id !== "auth");
  const time = async (count: number) => {
    const started = performance.now();
    await Promise.all(
      Array.from({ length: count }, (_, index) => verifyOne(redis, api.host, `environment-${index}`, checks)),
    );
    return performance.now() - started;
  };
  await time(1);
  const one = median([await time(1), await time(1), await time(1)]);
  const many = median([await time(ENVIRONMENTS), await time(ENVIRONMENTS), await time(ENVIRONMENTS)]);
  await Promise.all([way.stop(), api.stop()]);
  const detail = `${many.toFixed(0)} ms, one ${one.toFixed(0)} ms, at ${LATENCY_MS} ms latency`;
  return exceeds(`${ENVIRONMENTS} environments ÷ one`, many / one, LIMITS.environments, detail);
}

async function verifyOne(
  { id, rehearsal }: Redis,
  host: string,
  environment: string,
  checks: typeof allChecks,
): Promise<void> {
  const deadline = new Deadline(60);
  const verification = new Verification({ environment }, checks, false);
  await verify(
    {
      client: new RenderClient({ apiKey: rehearsal.render.apiKey, host }),
      expected: { ...EXPECTED, environment },
      instanceId: id,
      ownerId: undefined,
      stackDirectory: "",
      checks,
      deadline,
      secrets: new Secrets(),
      vantage: "external",
      prove: "no",
      memoryUse: { warnPercent: 70, failPercent: 80 },
      onProgress: () => {},
    },
    verification,
  );
  deadline.stop("done");
  const report = verification.report();
  if (exitCodeOf([report]) !== 0) throw new Stop("failed", JSON.stringify(report.results, null, 2));
}

function exceeds(what: string, ratio: number, limit: number, detail: string): boolean {
  const verdict = ratio <= limit ? "ok" : "TOO MUCH";
  console.log(`${what.padEnd(52)} ${ratio.toFixed(2)}  (at most ${limit}; ${detail})  ${verdict}`);
  return ratio > limit;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
