import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allChecks } from "../checks/catalogue/all-checks.ts";
import { verdictOf } from "../checks/verdict.ts";
import { Verification } from "../checks/verification.ts";
import { verify } from "../checks/verify.ts";
import { buildChecks } from "../cli/bundle/build.ts";
import { runProgram } from "../cli/program.ts";
import { RenderClient } from "../render/api/client.ts";
import { runChild } from "../runtime/child-process.ts";
import { Deadline } from "../runtime/deadline.ts";
import { type Outcome, Stop } from "../runtime/errors.ts";
import { Secrets } from "../runtime/secrets.ts";
import { makeCertificates } from "../test/checks/support/certificates.ts";
import { startRedis, USER } from "../test/checks/support/redis-server.ts";
import { EXPECTED, startTestApi } from "../test/checks/support/render-api.ts";
import { slow } from "../test/checks/support/sockets.ts";

/** What the checks cost, as ratios, so that they mean the same on every machine. Every pair is measured in turns. */
const RUNS = 25;
const LATENCY_MS = 100;
const ENVIRONMENTS = 20;
const PASSWORD = "of-the-benchmark-0123456789";

const LAUNCHER = fileURLToPath(new URL("../checks/start.cjs", import.meta.url));
const LIMITS = { start: 2.2, plain: 2, secured: 3, environments: 2 } as const;

/** What one pipeline, and Render's API, answer. */
const core = allChecks.filter(({ observes, about }) => observes === undefined && about === undefined);

runProgram(bench, { name: "bench:checks", ends: "when done" });

async function bench(): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "bench-checks-"));
  const certificates = await makeCertificates();
  const plain = await startRedis();
  const secured = await startRedis({ tls: certificates.good, password: PASSWORD });
  const securedUrl = `rediss://${USER}:${PASSWORD}@localhost:${secured.tlsPort}`;
  const api = await startTestApi({ url: securedUrl });
  const nothing = join(directory, "nothing.cjs");
  writeFileSync(nothing, "");
  await buildChecks(fileURLToPath(new URL("../dist/checks.cjs", import.meta.url)));
  try {
    const failures = [
      await benchStart(api.host, certificates.ca, nothing),
      ...(await benchRoundTrips(plain.port, secured.tlsPort, securedUrl, certificates.ca)),
      await benchEnvironments(plain.port),
    ].filter(Boolean);
    return failures.length === 0 ? "good" : "failed";
  } finally {
    await Promise.all([plain.stop(), secured.stop(), api.stop()]);
    rmSync(directory, { recursive: true });
    rmSync(certificates.directory, { recursive: true });
  }
}

/** The wall time of a whole verification, started as Terraform starts it, against a Node that does nothing. */
async function benchStart(host: string, ca: string, nothing: string): Promise<boolean> {
  // The first run leaves compiled code behind.
  await timeChecks(host, ca);
  const times = { nothing: [] as number[], checks: [] as number[] };
  for (let run = 0; run < RUNS; run += 1) {
    times.nothing.push(await timeNothing(nothing));
    times.checks.push(await timeChecks(host, ca));
  }
  const [bare, whole] = [median(times.nothing), median(times.checks)];
  const detail = `${core.length} checks ${whole.toFixed(0)} ms, bare Node ${bare.toFixed(0)} ms`;
  return exceeds("wall time of the core checks ÷ bare Node", whole / bare, LIMITS.start, detail);
}

async function timeChecks(host: string, ca: string): Promise<number> {
  const started = performance.now();
  const code = await runChecks(host, ca);
  if (code !== 0) throw new Stop("failed", `the checks ended with ${code}`);
  return performance.now() - started;
}

async function timeNothing(nothing: string): Promise<number> {
  const started = performance.now();
  await runChild(process.execPath, [nothing]);
  return performance.now() - started;
}

/** The core checks as Terraform's provisioner runs them; answers with the exit code. */
async function runChecks(host: string, ca: string): Promise<number | null> {
  const args = [LAUNCHER, "--post-apply", ...core.flatMap(({ id }) => ["--only", id])];
  const { code } = await runChild(process.execPath, args, {
    env: {
      PATH: process.env.PATH,
      RENDER_HOST: host,
      RENDER_API_KEY: "of-the-benchmark",
      REDIS_INSTANCE_ID: USER,
      REDIS_EXPECTED: JSON.stringify(EXPECTED),
      REDIS_CHECKS: JSON.stringify({ deadlineSeconds: 30, acceptUnknown: false }),
      NODE_EXTRA_CA_CERTS: ca,
    },
  });
  return code;
}

/** Round trips of the core checks, TCP's own included, as a proxy in between counts them. */
async function benchRoundTrips(plainPort: number, tlsPort: number, securedUrl: string, ca: string): Promise<boolean[]> {
  const outcomes: boolean[] = [];
  for (const [name, port, url, limit] of [
    ["plain", plainPort, (port: number) => `redis://localhost:${port}`, LIMITS.plain],
    ["TLS and password", tlsPort, (port: number) => securedUrl.replace(/\d+$/, String(port)), LIMITS.secured],
  ] as const) {
    const proxy = await countingProxy(port);
    const { host, stop } = await startTestApi({ url: url(proxy.port) });
    // Without TLS the `tls` check fails; how often the network is crossed does not depend on what is found.
    await runChecks(host, ca);
    outcomes.push(exceeds(`round trips of the core checks, ${name}`, proxy.trips(), limit, "TCP's own included"));
    await Promise.all([proxy.stop(), stop()]);
  }
  return outcomes;
}

/** Hands everything on, late, and counts how often the client speaks after it has listened. */
async function countingProxy(port: number) {
  let trips = 0;
  const server = createServer((client) => {
    let listened = true;
    trips += 1;
    const target = connect(port, "127.0.0.1");
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
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return {
    port: address.port,
    trips: () => trips,
    async stop() {
      server.close();
      await once(server, "close");
    },
  };
}

/** Many environments in one run against one, with a distance between here and there. */
async function benchEnvironments(plainPort: number): Promise<boolean> {
  const way = await slow(plainPort, LATENCY_MS / 2);
  const url = `redis://localhost:${way.port}`;
  const far = await startTestApi({ url, latencyMs: LATENCY_MS });
  // Without TLS, which this process would need another authority for, the `tls` check fails.
  const checks = allChecks.filter(({ id, about }) => about === undefined && id !== "tls" && id !== "auth");
  const time = async (count: number) => {
    const started = performance.now();
    await Promise.all(Array.from({ length: count }, (_, index) => verifyOne(far.host, `environment-${index}`, checks)));
    return performance.now() - started;
  };
  await time(1);
  const one = median([await time(1), await time(1), await time(1)]);
  const many = median([await time(ENVIRONMENTS), await time(ENVIRONMENTS), await time(ENVIRONMENTS)]);
  await Promise.all([way.stop(), far.stop()]);
  const detail = `${many.toFixed(0)} ms, one ${one.toFixed(0)} ms, at ${LATENCY_MS} ms latency`;
  return exceeds(`${ENVIRONMENTS} environments ÷ one`, many / one, LIMITS.environments, detail);
}

async function verifyOne(host: string, environment: string, checks: typeof allChecks): Promise<void> {
  const deadline = new Deadline(60);
  const verification = new Verification(environment, checks, false);
  await verify(
    {
      client: new RenderClient({ apiKey: "of-the-benchmark", host }),
      expected: { ...EXPECTED, environment },
      instanceId: USER,
      ownerId: undefined,
      checks,
      deadline,
      secrets: new Secrets(),
      vantage: "external",
      prove: false,
      memoryUse: { warnPercent: 70, failPercent: 80 },
      onProgress: () => {},
    },
    verification,
  );
  deadline.stop("done");
  const report = verification.report();
  if (verdictOf([report]) !== "good") throw new Stop("failed", JSON.stringify(report.results, null, 2));
}

function exceeds(what: string, ratio: number, limit: number, detail: string): boolean {
  const verdict = ratio <= limit ? "ok" : "TOO MUCH";
  console.log(`${what.padEnd(52)} ${ratio.toFixed(2)}  (at most ${limit}; ${detail})  ${verdict}`);
  return ratio > limit;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
