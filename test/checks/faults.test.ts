import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { ExpectedInstance } from "../../render/instance.ts";
import { EVICTION_POLICIES, redisSpelling } from "../../render/spellings.ts";
import { isIdle } from "../idle.ts";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { AWKWARD_PASSWORDS, spellings } from "./support/passwords.ts";
import {
  isInstalled,
  RENDER_ACL,
  type RedisOptions,
  type RedisServer,
  startRedis,
  USER,
} from "./support/redis-server.ts";
import { always, startTestApi, type TestApiOptions } from "./support/render-api.ts";
import { API_KEY, type RunOptions, runChecks } from "./support/run-checks.ts";
import { answering, blackHole, breaking, closing, holding, type Listener, listen, slow } from "./support/sockets.ts";

/** Where a row's servers stand. They are gone when its test is over. */
interface Stage {
  readonly password: string;
  /** A server as Render runs it. */
  redis(options?: RedisOptions): Promise<RedisServer>;
  /** The port of something that listens. */
  listen(listening: Promise<Listener>): Promise<number>;
}

/** What stands at the external address, for one row. */
interface Scene {
  readonly url: string;
  readonly api?: Omit<TestApiOptions, "url">;
  readonly meanwhile?: RunOptions["meanwhile"];
}

interface Row {
  readonly name: string;
  readonly set: (stage: Stage) => Promise<Scene>;
  readonly exit: 0 | 1 | 2 | 3;
  /** The status of these checks; the others may be what they like. */
  readonly statuses: Readonly<Record<string, string>>;
  /** What a person must be able to read. */
  readonly says: RegExp;
  readonly args?: readonly string[];
  readonly deadlineSeconds?: number;
  readonly expected?: Partial<ExpectedInstance>;
  readonly skip?: boolean;
}

let certificates: Certificates;

beforeAll(async () => {
  certificates = await makeCertificates();
});

afterAll(() => {
  rmSync(certificates.directory, { recursive: true });
});

function external(port: number, password: string, scheme = "rediss"): string {
  return `${scheme}://${USER}:${encodeURIComponent(password)}@localhost:${port}`;
}

/** An instance that is right but for what the row says. */
const instance =
  (options: RedisOptions = {}, prepare?: (server: RedisServer) => Promise<void>) =>
  async ({ password, redis }: Stage): Promise<Scene> => {
    const server = await redis({ password, ...options });
    await prepare?.(server);
    return { url: external(server.tlsPort, password) };
  };

/** Something else than a Redis at the external address. */
const instead =
  (listening: () => Promise<Listener>, scheme?: string) =>
  async ({ password, listen }: Stage): Promise<Scene> => ({
    url: external(await listen(listening()), password, scheme),
  });

const badCertificate = (name: "expired" | "otherName" | "selfSigned" | "endsSoon") => (stage: Stage) =>
  instance({ tls: certificates[name] })(stage);

/** A server without TLS behind something on the way. */
const behind =
  (way: (port: number) => Promise<Listener>) =>
  async ({ password, redis, listen }: Stage): Promise<Scene> => {
    const server = await redis({ password });
    return { url: external(await listen(way(server.port)), password, "redis") };
  };

const api =
  (options: Omit<TestApiOptions, "url">) =>
  async ({ password }: Stage): Promise<Scene> => ({ url: external(1, password), api: options });

/** A word of one or two letters stands in every text by chance. */
const LONG_PASSWORDS = AWKWARD_PASSWORDS.filter(({ length }) => length > 5);

const CORE = ["ping", "eviction-policy", "memory-limit"].flatMap((id) => ["--only", id]);
const QUICK = ["--only", "ping", "--only", "tls", "--only", "memory-limit"];
const BEYOND_DEADLINE_MS = 1_000;
/** What a Node process needs to begin and end, on a busy machine. */
const START_MS = 1_000;
/** Where the machine is busy, only what never ends is a fault. */
const BUSY_MS = 120_000;

const network: Row[] = [
  {
    name: "nothing listens",
    set: async ({ password }) => ({ url: external(1, password) }),
    exit: 1,
    statuses: { ping: "fail", tls: "unknown", "memory-limit": "unknown" },
    says: /refused \(REFUSED\).*status and logs in Render's dashboard/s,
    deadlineSeconds: 2,
  },
  {
    name: "an unknown host",
    set: async ({ password }) => ({
      url: `rediss://${USER}:${encodeURIComponent(password)}@no-such-host.invalid:6379`,
    }),
    exit: 1,
    statuses: { ping: "fail", "memory-limit": "unknown" },
    says: /host name is not known \(NOT_FOUND\).*DNS/s,
    deadlineSeconds: 2,
  },
  {
    name: "a black hole",
    set: instead(blackHole, "redis"),
    exit: 1,
    statuses: { ping: "fail", "memory-limit": "unknown" },
    says: /deadline came first \(STOPPED\).*checks\.deadlineSeconds/s,
    deadlineSeconds: 2,
  },
  {
    name: "accepts, then closes",
    set: instead(closing, "redis"),
    exit: 1,
    statuses: { ping: "fail", "memory-limit": "unknown" },
    says: /connection was closed \(CLOSED\).*restarting/s,
    deadlineSeconds: 2,
  },
  {
    name: "an HTTP server",
    set: instead(() => answering("HTTP/1.1 400 Bad Request\r\n\r\n"), "redis"),
    exit: 1,
    statuses: { ping: "fail", "memory-limit": "unknown" },
    says: /does not speak Redis \(NOT_REDIS\).*proxy in between/s,
  },
  {
    name: "TLS to a plain port",
    set: async ({ password, redis }) => ({ url: external((await redis({ password })).port, password) }),
    exit: 1,
    statuses: { ping: "fail" },
    says: /(no TLS handshake came about|deadline came first)/,
    deadlineSeconds: 7,
  },
  {
    name: "plain to a TLS port",
    set: async ({ password, redis }) => ({ url: external((await redis({ password })).tlsPort, password, "redis") }),
    exit: 1,
    statuses: { ping: "fail" },
    says: /(speaks TLS, the URL does not|connection was closed)/,
    deadlineSeconds: 2,
  },
  {
    name: "the connection cut in the middle of the pipeline",
    set: behind((port) => breaking(port, 14, "cut")),
    exit: 3,
    statuses: { ping: "pass", "eviction-policy": "unknown", "memory-limit": "unknown" },
    says: /INFO: the connection was closed \(CLOSED\)/,
    args: CORE,
  },
  {
    name: "frozen in the middle of the checks",
    set: behind((port) => breaking(port, 14, "hang")),
    exit: 3,
    statuses: { ping: "pass", "eviction-policy": "unknown", "memory-limit": "unknown" },
    says: /INFO: .*(deadline came first|no answer came in time)/,
    args: CORE,
    deadlineSeconds: 3,
  },
  {
    name: "a process that is stopped",
    set: instance({}, async (server) => server.signal("SIGSTOP")),
    exit: 1,
    statuses: { ping: "fail" },
    says: /(deadline came first|handshake)/,
    deadlineSeconds: 2,
  },
  {
    name: "a slow network",
    set: async ({ password, redis, listen }) => {
      const server = await redis({ password });
      return { url: external(await listen(slow(server.tlsPort, 150)), password) };
    },
    exit: 0,
    statuses: { ping: "pass", "memory-limit": "pass", queue: "pass", "pub-sub": "pass", auth: "pass" },
    says: /PONG, 3\d\d\.\d ms \(slow/,
  },
];

const tls: Row[] = [
  {
    name: "a certificate that has expired",
    set: badCertificate("expired"),
    exit: 1,
    statuses: { ping: "fail", tls: "fail" },
    says: /not valid today \(CERTIFICATE_EXPIRED\).*clock/s,
  },
  {
    name: "a certificate for another name",
    set: badCertificate("otherName"),
    exit: 1,
    statuses: { ping: "fail", tls: "fail" },
    says: /another host \(CERTIFICATE_NAME\)/,
  },
  {
    name: "a self-signed certificate",
    set: badCertificate("selfSigned"),
    exit: 1,
    statuses: { ping: "fail", tls: "fail" },
    says: /nobody trusted \(CERTIFICATE_UNTRUSTED\).*NODE_EXTRA_CA_CERTS/s,
  },
  {
    name: "a certificate that is about to end",
    set: badCertificate("endsSoon"),
    exit: 0,
    statuses: { ping: "pass", tls: "warn" },
    says: /2 days left/,
    args: QUICK,
  },
  {
    name: "no TLS at all",
    set: behind((port) => slow(port, 0)),
    exit: 1,
    statuses: { ping: "pass", tls: "fail" },
    says: /no TLS/,
    args: QUICK,
  },
];

const access: Row[] = [
  {
    name: "a wrong password",
    set: async ({ password, redis }) => ({
      url: external((await redis({ password: `not ${password}` })).tlsPort, password),
    }),
    exit: 1,
    statuses: { ping: "fail", auth: "unknown", "memory-limit": "unknown" },
    says: /refused \(WRONGPASS\)/,
  },
  {
    name: "a missing password",
    set: async ({ password, redis }) => ({ url: `rediss://localhost:${(await redis({ password })).tlsPort}` }),
    exit: 1,
    statuses: { ping: "fail", "memory-limit": "unknown" },
    says: /\(NOAUTH\).*internalAuthentication/s,
  },
  {
    name: "a password that nobody asks for",
    set: async ({ password, redis }) => {
      const server = await redis();
      return { url: `rediss://:${encodeURIComponent(password)}@localhost:${server.tlsPort}` };
    },
    exit: 1,
    statuses: { ping: "pass", auth: "fail", "memory-limit": "pass" },
    says: /auth +let in.*reads and writes everything/s,
    args: ["--only", "ping", "--only", "auth", "--only", "memory-limit"],
  },
  {
    name: "an address that is not on the allow list",
    set: instead(() => answering("-AUTH failed: Client IP address is not in the allowlist.\r\n"), "redis"),
    exit: 3,
    statuses: { ping: "unknown", "memory-limit": "unknown" },
    says: /not on the allow list.*redis\.ipAllowList/s,
  },
  {
    name: "a database that does not exist",
    set: async ({ password, redis }) => ({ url: `${external((await redis({ password })).tlsPort, password)}/99` }),
    exit: 1,
    statuses: { ping: "fail", "memory-limit": "unknown" },
    says: /\(DB_INDEX\).*last slash/s,
  },
  {
    name: "an ACL without INFO",
    set: instance({ acl: `${RENDER_ACL} -info` }),
    exit: 3,
    statuses: { ping: "pass", "eviction-policy": "unknown", "memory-limit": "unknown", "read-write": "pass" },
    says: /INFO: the user may not run this command \(NOPERM\)/,
    args: [...CORE, "--only", "read-write"],
  },
  {
    name: "an ACL without writing",
    set: instance({ acl: `${RENDER_ACL} -@write` }),
    exit: 1,
    statuses: { ping: "pass", "memory-limit": "pass", "read-write": "fail", queue: "fail" },
    says: /SET: the user may not run this command \(NOPERM\)/,
  },
  {
    name: "CONFIG allowed",
    set: instance({ acl: "~* &* +@all" }),
    exit: 0,
    statuses: { "eviction-policy": "pass" },
    says: /noeviction \(CONFIG\)/,
    args: CORE,
  },
  {
    name: "INFO renamed away",
    set: instance({ args: ["--rename-command", "INFO", ""] }),
    exit: 3,
    statuses: { ping: "pass", "eviction-policy": "unknown", "memory-limit": "unknown" },
    says: /INFO: it does not know this command \(UNKNOWN_COMMAND\)/,
    args: CORE,
  },
];

const states: Row[] = [
  {
    name: "an instance that is right in everything",
    set: instance(),
    exit: 0,
    statuses: {
      ...{ available: "pass", identity: "pass", ping: "pass", tls: "pass", auth: "pass", exposure: "pass" },
      ...{ "read-write": "pass", "eviction-policy": "pass", "eviction-proof": "pass", "memory-limit": "pass" },
      ...{ "memory-headroom": "pass", evictions: "pass", connections: "pass", persistence: "pass", role: "pass" },
      ...{ loading: "pass", version: "pass", "pub-sub": "pass", queue: "pass" },
    },
    says: /good: 20 passed/,
    args: ["--prove"],
  },
  {
    name: "Valkey",
    set: instance({ binary: "valkey-server" }),
    exit: 0,
    statuses: { version: "pass", "eviction-policy": "pass", queue: "pass" },
    says: /Valkey \d/,
    skip: !isInstalled("valkey-server"),
  },
  {
    name: "loading its data",
    set: async ({ password, redis }) => {
      const server = await redis({ password, args: ["--appendonly", "no"] });
      await server.admin(["EVAL", "for i = 1, 20000 do redis.call('SET', i, i) end", "0"], ["SAVE"]);
      const again = await redis({
        password,
        directory: server.directory,
        // Microseconds for each key: more than any of these tests takes, with a look at the clients from time to time.
        args: ["--appendonly", "no", "--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024"],
      });
      return { url: external(again.tlsPort, password) };
    },
    exit: 1,
    statuses: { ping: "fail", loading: "fail", "memory-limit": "pass" },
    says: /still reading its data from disk \(LOADING\)/,
    deadlineSeconds: 6,
    args: ["--only", "ping", "--only", "loading", "--only", "memory-limit"],
  },
  {
    name: "busy with a script for a while",
    set: instance({ args: ["--busy-reply-threshold", "100"] }, async (server) => {
      void server.admin(["EVAL", "while true do end", "0"]);
      setTimeout(() => void server.admin(["SCRIPT", "KILL"]), 1_500);
    }),
    exit: 0,
    statuses: { ping: "pass", "memory-limit": "pass" },
    says: /PONG/,
    args: CORE,
  },
  {
    name: "a cluster",
    set: instance({ args: ["--cluster-enabled", "yes"] }, async (server) => {
      await server.admin(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
      for (;;) {
        const [info] = await server.admin(["CLUSTER", "INFO"]);
        if (String(info).includes("cluster_state:ok")) return;
      }
    }),
    exit: 1,
    statuses: { ping: "pass", "read-write": "pass", queue: "fail" },
    says: /Bull: it is a cluster.*\(CROSSSLOT\).*prefix in braces/s,
    args: ["--only", "ping", "--only", "read-write", "--only", "queue"],
  },
  {
    name: "a read-only replica",
    set: instance({ args: ["--replicaof", "127.0.0.1", "1"] }),
    exit: 1,
    statuses: { ping: "pass", role: "fail", "read-write": "fail" },
    says: /read-only replica \(READONLY\)/,
  },
  {
    name: "a disk that cannot be written",
    set: instance({ args: ["--appendonly", "no", "--save", "3600", "1"] }, async (server) => {
      rmSync(server.directory, { recursive: true });
      await server.admin(["SET", "something", "to save"], ["BGSAVE"]);
      for (;;) {
        const [info] = await server.admin(["INFO", "persistence"]);
        if (String(info).includes("rdb_last_bgsave_status:err")) return;
      }
    }),
    exit: 1,
    statuses: { ping: "fail", "read-write": "fail", persistence: "fail" },
    says: /cannot save to disk.*(MISCONF).*rdb_last_bgsave_status err/s,
    expected: { persistence: "snapshot" },
  },
  {
    name: "a full memory",
    set: instance({}, async (server) => {
      await server.admin(["CONFIG", "SET", "maxmemory", "600kb"]);
    }),
    exit: 1,
    statuses: { ping: "pass", "read-write": "fail", "memory-limit": "fail", "memory-headroom": "fail" },
    says: /memory is full.*\(OOM\).*removeOnComplete/s,
    args: [...CORE, "--only", "read-write", "--only", "memory-headroom"],
  },
  {
    name: "no connection left",
    set: async ({ password, redis, listen }) => {
      const server = await redis({ password, args: ["--maxclients", "1"] });
      await listen(holding(server.port));
      // With TLS it would close without a word.
      return { url: external(server.port, password, "redis") };
    },
    exit: 1,
    statuses: { ping: "fail", "memory-limit": "unknown" },
    says: /no connection left \(MAX_CLIENTS\)/,
    deadlineSeconds: 2,
  },
  {
    name: "no memory limit",
    set: instance({ args: ["--maxmemory", "0"] }),
    exit: 1,
    statuses: { "memory-limit": "fail", "memory-headroom": "unknown" },
    says: /no limit \(maxmemory 0\)/,
  },
  {
    name: "evictions",
    set: instance({ args: ["--maxmemory-policy", "allkeys-lru"] }, async (server) => {
      await server.admin(["SET", "key", "value"], ["CONFIG", "SET", "maxmemory", "600kb"], ["SET", "other", "value"]);
      await server.admin(["CONFIG", "SET", "maxmemory", "256mb"]);
    }),
    exit: 1,
    statuses: { evictions: "fail", "eviction-policy": "fail" },
    says: /1 keys, 0 clients in \d+ s of uptime/,
    args: ["--only", "evictions", "--only", "eviction-policy"],
  },
  ...(["cache", "queue"] as const).map(
    (role): Row => ({
      name: `a full ${role}`,
      set: async (stage) => {
        const args = ["--maxmemory", "25mb", "--maxmemory-policy", "allkeys-lru", "--appendonly", "no"];
        const { url } = await instance({ args }, async (server) => {
          for (const number of Array(40).keys()) {
            await server.admin(["SET", `key${number}`, ""], ["SETRANGE", `key${number}`, String(1024 ** 2), "x"]);
          }
        })(stage);
        const options = { maxmemoryPolicy: "allkeys_lru", persistenceMode: "off" };
        return { url, api: { instance: { plan: "free", options } } };
      },
      exit: role === "cache" ? 0 : 1,
      statuses:
        role === "cache"
          ? { "memory-headroom": "pass", evictions: "pass", "read-write": "pass", "pub-sub": "skip", queue: "skip" }
          : { "memory-headroom": "fail", evictions: "fail", "eviction-policy": "pass" },
      says: role === "cache" ? /\d+ keys, 0 clients in .* uptime, nothing read yet/ : /9\d\.\d % used.*Keys were lost/s,
      expected: { role, plan: "free", persistence: "off", evictionPolicy: "allkeys_lru" },
    }),
  ),
  {
    name: "a policy changed behind Terraform's back",
    set: async ({ password, redis }) => {
      const server = await redis({ password, args: ["--maxmemory-policy", "allkeys-lru"] });
      const options = { maxmemoryPolicy: "volatile_ttl", persistenceMode: "journal_snapshot" };
      return { url: external(server.tlsPort, password), api: { instance: { options } } };
    },
    exit: 1,
    statuses: { identity: "fail", "eviction-policy": "fail", "eviction-proof": "fail" },
    says: /volatile-ttl \(API\), allkeys-lru \(INFO\).*expected noeviction \(environment\)/s,
    args: ["--prove"],
  },
  ...EVICTION_POLICIES.map(
    (policy): Row => ({
      name: `the policy ${policy}`,
      set: async ({ password, redis }) => {
        const server = await redis({ password, args: ["--maxmemory-policy", redisSpelling(policy)] });
        const options = { maxmemoryPolicy: policy, persistenceMode: "journal_snapshot" };
        return { url: external(server.tlsPort, password), api: { instance: { options } } };
      },
      exit: 0,
      statuses: { "eviction-policy": "pass" },
      says: new RegExp(`${redisSpelling(policy)} \\(API\\), ${redisSpelling(policy)} \\(INFO\\)`),
      expected: { evictionPolicy: policy },
      args: CORE,
    }),
  ),
];

const renderApi: Row[] = [
  {
    name: "the API says 401",
    set: api({ answer: always(401, '{"message":"Unauthorized"}') }),
    exit: 2,
    statuses: { available: "unknown", ping: "unknown" },
    says: /401: Unauthorized\..*RENDER_API_KEY/s,
  },
  {
    name: "the API says 403",
    set: api({ answer: always(403, '{"message":"Forbidden"}') }),
    exit: 2,
    statuses: { available: "unknown" },
    says: /403: Forbidden\..*RENDER_OWNER_ID/s,
  },
  {
    name: "the API says 404",
    set: api({ answer: always(404, `{"message":"not found: ${USER}"}`) }),
    exit: 1,
    statuses: { available: "fail", ping: "unknown" },
    says: /no such instance/,
  },
  {
    name: "the API says 429 all the time",
    set: api({ answer: always(429, '{"message":"too many requests"}', { "retry-after": "1" }) }),
    exit: 3,
    statuses: { available: "unknown" },
    says: /429: too many requests\. And then the deadline of 2 s passed/,
    deadlineSeconds: 2,
  },
  {
    name: "the API says 500 all the time",
    set: api({ answer: always(500, "") }),
    exit: 3,
    statuses: { available: "unknown", ping: "unknown" },
    says: /500: Internal Server Error\. And then the deadline of 2 s passed.*not known whether/s,
    deadlineSeconds: 2,
  },
  {
    name: "the API says 500 once",
    set: async (stage) => {
      const scene = await instance()(stage);
      return { ...scene, api: { answer: (_, response, call) => call === 1 && always(500, "")(_, response) } };
    },
    exit: 0,
    statuses: { available: "pass", ping: "pass" },
    says: /PONG/,
    args: CORE,
  },
  {
    name: "the API talks garbage",
    set: api({ answer: always(200, "<html>") }),
    exit: 3,
    statuses: { available: "unknown" },
    says: /not JSON/,
  },
  {
    name: "the API answers something else",
    set: api({ answer: always(200, "[]") }),
    exit: 3,
    statuses: { available: "unknown" },
    says: /not what Render's API is known to send/,
  },
  {
    name: "the API gives no Redis URL",
    set: async () => ({ url: "https://example.com/" }),
    exit: 1,
    statuses: { ping: "fail" },
    says: /no Redis URL \(BAD_URL\)/,
  },
  {
    name: "stuck in creating",
    set: api({ instance: { status: "creating" } }),
    exit: 1,
    statuses: { available: "fail", ping: "unknown" },
    says: /creating \(the deadline of 2 s passed\).*events in Render's dashboard/s,
    deadlineSeconds: 2,
  },
  {
    name: "suspended",
    set: api({ instance: { status: "suspended" } }),
    exit: 1,
    statuses: { available: "fail" },
    says: /the instance is suspended.*Resume/s,
  },
  {
    name: "deleted while it is waited for",
    set: api({
      answer: (request, response, call) => {
        const body = call < 3 ? undefined : '{"message":"not found"}';
        return body === undefined ? false : always(404, body)(request, response);
      },
      instance: { status: "creating" },
    }),
    exit: 1,
    statuses: { available: "fail" },
    says: /no such instance/,
  },
  {
    name: "deleted while it is connected to",
    set: async ({ password }) => ({
      url: external(1, password),
      api: {
        answer: (request, response, call) => call > 2 && always(404, '{"message":"not found"}')(request, response),
      },
    }),
    exit: 1,
    statuses: { available: "fail" },
    says: /deleted meanwhile/,
    deadlineSeconds: 15,
  },
  {
    name: "drift in every field",
    set: async (stage) => {
      const scene = await instance({ args: ["--appendonly", "no"] })(stage);
      return {
        ...scene,
        api: {
          instance: {
            ...{ name: "other", region: "ohio", plan: "standard" },
            options: { maxmemoryPolicy: "allkeys_lru", persistenceMode: "off" },
            ipAllowList: [{ cidrBlock: "0.0.0.0/0", description: "everyone" }],
          },
        },
      };
    },
    exit: 1,
    statuses: { identity: "fail", exposure: "fail", "eviction-policy": "fail", persistence: "fail" },
    says: /name other, region ohio, plan standard, eviction policy allkeys_lru, persistence off/,
    args: ["identity", "exposure", "eviction-policy", "persistence"].flatMap((id) => ["--only", id]),
  },
  {
    name: "an API that cannot be reached",
    set: async ({ password }) => ({
      url: external(1, password),
      api: { answer: (request) => request.destroy() !== undefined },
    }),
    exit: 3,
    statuses: { available: "unknown" },
    says: /(did not answer|no connection)/,
    deadlineSeconds: 2,
  },
];

const signals: Row[] = (["SIGINT", "SIGTERM"] as const).map((signal) => ({
  name: `${signal} while connecting`,
  set: async ({ password, listen: place }) => {
    let connected = () => {};
    const port = await place(listen(() => connected()));
    return {
      url: external(port, password, "redis"),
      meanwhile: (kill) => {
        connected = () => kill(signal);
      },
    };
  },
  exit: 1,
  statuses: { available: "pass", ping: "fail", "memory-limit": "unknown" },
  says: /\(STOPPED\)/,
  deadlineSeconds: 30,
}));

describe.each([
  ["network", network],
  ["TLS", tls],
  ["access", access],
  ["states", states],
  ["Render's API", renderApi],
  ["signals", signals],
] as const)("%s", (_, rows) => {
  const cases = rows.map((row, index) => ({ ...row, password: LONG_PASSWORDS[index % LONG_PASSWORDS.length] ?? "" }));

  test.concurrent.for(cases)(
    "$name",
    { timeout: 300_000 },
    async ({ password, ...row }, { expect, onTestFinished, skip }) => {
      if (row.skip) skip();
      const scene = await row.set({
        password,
        async redis(options) {
          const server = await startRedis({ tls: certificates.good, ...options });
          onTestFinished(() => server.stop());
          return server;
        },
        async listen(listening) {
          const { port, stop } = await listening;
          onTestFinished(stop);
          return port;
        },
      });
      const { host, stop } = await startTestApi({ url: scene.url, ...scene.api });
      onTestFinished(stop);
      const deadlineSeconds = row.deadlineSeconds ?? 20;
      const result = await runChecks({
        host,
        deadlineSeconds,
        args: row.args,
        expected: row.expected,
        meanwhile: scene.meanwhile,
        env: { NODE_EXTRA_CA_CERTS: certificates.ca },
      });

      expect.soft(result.statuses, result.everything).toMatchObject(row.statuses);
      expect.soft(result.stdout).toMatch(row.says);
      expect.soft(result.exitCode, result.stderr).toBe(row.exit);
      expect.soft(result.report?.exitCode).toBe(row.exit);
      expect
        .soft(result.elapsedMs)
        .toBeLessThan(deadlineSeconds * 1_000 + (isIdle() ? BEYOND_DEADLINE_MS + START_MS : BUSY_MS));
      for (const secret of [...spellings(password), API_KEY]) expect.soft(result.everything).not.toContain(secret);
    },
  );
});
