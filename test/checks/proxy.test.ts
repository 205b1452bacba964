import { readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { sendHttp } from "../../runtime/http.ts";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { type HttpProxyOptions, startHttpProxy } from "./support/http-proxy.ts";
import { startRedis, USER } from "./support/redis-server.ts";
import { startTestApi } from "./support/render-api.ts";
import { runChecks } from "./support/run-checks.ts";

/** A name that only the proxy can resolve, as outside names in a closed network. */
const HOST = "other.example";
const PASSWORD = "a-password-of-the-proxy";
const LOGIN = Buffer.from(`somebody:${PASSWORD}`).toString("base64");

let certificates: Certificates;

beforeAll(async () => {
  certificates = await makeCertificates();
});
afterAll(() => {
  rmSync(certificates.directory, { recursive: true });
});

/** Runs the checks where Render and the Redis can be reached through a proxy only. */
async function verify(
  refuse: HttpProxyOptions["refuse"],
  { env = {}, args = [] }: { env?: Record<string, string>; args?: string[] } = {},
) {
  const { cert, key } = certificates.otherName;
  const redis = await startRedis({ tls: certificates.otherName, password: "redis-password" });
  const api = await startTestApi({ url: `rediss://${USER}:redis-password@${HOST}:6379` });
  const tls = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (near) => {
    const far = connect(Number(new URL(api.host).port), "127.0.0.1");
    near.on("error", () => far.destroy()).on("close", () => far.destroy());
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
  const address = tls.address();
  const routes = {
    [`${HOST}:443`]: typeof address === "object" ? (address?.port ?? 0) : 0,
    [`${HOST}:6379`]: redis.tlsPort,
  };
  const proxy = await startHttpProxy({ routes, ...(refuse && { refuse }) });
  onTestFinished(async () => {
    proxy.stop();
    tls.close();
    await Promise.all([redis.stop(), api.stop()]);
  });
  const ran = await runChecks({
    host: `https://${HOST}/v1`,
    args: [...["ping", "tls", "auth", "queue"].flatMap((id) => ["--only", id]), ...args],
    deadlineSeconds: 20,
    env: {
      HTTPS_PROXY: `http://somebody:${PASSWORD}@${proxy.place}`,
      NODE_EXTRA_CA_CERTS: certificates.ca,
      DEBUG: "*",
      ...env,
    },
  });
  for (const secret of [PASSWORD, LOGIN]) expect(ran.everything).not.toContain(secret);
  return { ...ran, calls: proxy.calls };
}

test("Render, the Redis and the queues' libraries are reached through the proxy, TLS from end to end", async () => {
  const seen = await verify(({ headers }) => (headers["proxy-authorization"] === `Basic ${LOGIN}` ? undefined : 407));
  expect(seen.statuses, seen.everything).toMatchObject({ available: "pass", ping: "pass", tls: "pass", auth: "pass" });
  expect(seen.report?.environments[0]?.vantage).toBe("external");
  expect(new Set(seen.calls)).toEqual(new Set([`CONNECT ${HOST}:443`, `CONNECT ${HOST}:6379`]));
  // The first connection only asks whether the proxy lets one through.
  expect(seen.calls.filter((call) => call.endsWith(":6379")).length).toBeGreaterThan(4);
});

test("a proxy that lets nobody to the Redis is named, with both ways out", async () => {
  const seen = await verify((_, place) => (place.endsWith(":6379") ? 403 : undefined));
  expect(seen.exitCode).toBe(3);
  expect(seen.statuses).toMatchObject({ available: "pass", ping: "unknown" });
  expect(seen.everything).toContain("the proxy in HTTPS_PROXY answers 403 to the Redis");
  expect(seen.everything).toMatch(/NO_PROXY.*--vantage inside/);
});

test("a proxy that cannot reach the Redis is named, too", async () => {
  const seen = await verify((_, place) => (place.endsWith(":6379") ? 503 : undefined), {
    env: { REDIS_CHECKS: JSON.stringify({ deadlineSeconds: 3, acceptUnknown: false }) },
  });
  expect(seen.statuses).toMatchObject({ available: "pass", ping: "fail" });
  expect(seen.everything).toContain("(CLOSED), by way of the proxy in HTTPS_PROXY");
});

test.each([
  ["refuses", () => 407, {}, "the proxy in HTTPS_PROXY answers 407 (it asks for a user name and a password)"],
  [
    "is not there",
    undefined,
    { HTTPS_PROXY: "127.0.0.1:9" },
    "the proxy in HTTPS_PROXY gives no connection (ECONNREFUSED)",
  ],
])("a proxy that %s is named by its variable", async (_, refuse, env, says) => {
  const seen = await verify(refuse, {
    env: { ...env, REDIS_CHECKS: JSON.stringify({ deadlineSeconds: 3, acceptUnknown: false }) },
  });
  expect(seen.exitCode).toBe(3);
  expect(seen.everything).toContain(says);
});

test("a variable that names no proxy is a wrong usage", async () => {
  const { exitCode, stderr } = await verify(undefined, { env: { HTTPS_PROXY: "socks5://p:1080" } });
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining("`HTTPS_PROXY` must be the address of a proxy")]);
});

test("an address without TLS goes by way of HTTP_PROXY", async () => {
  const api = await startTestApi({});
  const proxy = await startHttpProxy({ routes: { "api.example:80": Number(new URL(api.host).port) } });
  vi.stubEnv("HTTP_PROXY", `http://${proxy.place}`);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    proxy.stop();
    await api.stop();
  });
  const answer = await sendHttp("http://api.example/v1/key-value/red-1", { signal: new AbortController().signal });
  expect([answer.status, proxy.calls]).toEqual([200, ["GET http://api.example/v1/key-value/red-1"]]);
});

test("the signal ends a request that waits for the proxy", async () => {
  const stop = new AbortController();
  // An address for documentation: whatever the network does with it, nothing answers.
  vi.stubEnv("HTTPS_PROXY", "http://192.0.2.1:3128");
  onTestFinished(() => void vi.unstubAllEnvs());
  setTimeout(() => stop.abort(), 50);
  await expect(sendHttp("https://api.example/", { signal: stop.signal })).rejects.toThrow("the proxy in HTTPS_PROXY");
});
