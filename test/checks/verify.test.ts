import { describe, expect, onTestFinished, test, vi } from "vitest";
import { evictionProof, pubSub } from "../../checks/catalogue/behaviour.ts";
import { auth, ping } from "../../checks/catalogue/reach.ts";
import { role } from "../../checks/catalogue/server.ts";
import { serviceDeploy, serviceHealth, serviceVariables } from "../../checks/catalogue/service.ts";
import { identity } from "../../checks/catalogue/settings.ts";
import type { Check } from "../../checks/check.ts";
import { Verification } from "../../checks/verification.ts";
import { type VerifyOptions, verify } from "../../checks/verify.ts";
import { RenderClient } from "../../render/api/client.ts";
import type { ExpectedService } from "../../render/service.ts";
import { Deadline } from "../../runtime/deadline.ts";
import { Secrets } from "../../runtime/secrets.ts";
import { always, EXPECTED, INSTANCE, startTestApi, type TestApiOptions } from "./support/render-api.ts";
import { answering, closing, type Listener, listen } from "./support/sockets.ts";

type Answer = NonNullable<TestApiOptions["answer"]>;

const SERVICE: ExpectedService = {
  name: "api",
  serviceId: "srv-d00000000000000000a0",
  groupName: "queues-env",
  env: {},
  healthPath: "/health",
  uses: { REDIS_URL: { redis: "redis", as: "url" } },
  drain: {},
  rollOutSeconds: 60,
};
const STAMPS = { createdAt: "2026-06-17T08:15:30Z", updatedAt: "2026-06-17T08:15:30Z" };
const GROUP = {
  ...{ id: "evg-1", name: "queues-env", ownerId: "tea-test", secretFiles: [], ...STAMPS },
  serviceLinks: [{ id: SERVICE.serviceId, name: "api", type: "web_service" }],
  envVars: [{ key: "REDIS_URL", value: `redis://${INSTANCE.id}:6379` }],
};

/** A service of Render's, at this address. */
function withService(url: string | undefined, type = "web_service", details = {}): Answer {
  const serviceDetails = { region: "oregon", plan: "starter", url, ...details };
  const service = {
    ...{ id: SERVICE.serviceId, name: "api", type, ownerId: "tea-test" },
    ...{ autoDeploy: "yes", suspended: "not_suspended", serviceDetails },
  };
  const answers: readonly (readonly [path: RegExp, answer: unknown])[] = [
    [/cursor=/, []],
    [/^\/v1\/services\/[^/]+$/, service],
    [/\/env-vars/, []],
    [/\/deploys/, [{ deploy: { id: "dep-1", status: "live", ...STAMPS, createdAt: "2026-06-18T00:00:00Z" } }]],
    [/^\/v1\/env-groups\?/, [{ cursor: "c", envGroup: GROUP }]],
    [/^\/v1\/env-groups\/evg-1/, GROUP],
  ];
  return (request, response) => {
    const found = answers.find(([path]) => path.test(request.url ?? ""));
    if (found !== undefined) response.end(JSON.stringify(found[1]));
    return found !== undefined;
  };
}

/** The address of something that listens, up to the end of the test. */
async function reachable(listening: Promise<Listener>): Promise<string> {
  const { port, stop } = await listening;
  onTestFinished(stop);
  return `http://127.0.0.1:${port}`;
}

async function verified(
  checks: readonly Check[],
  options: Partial<VerifyOptions> & TestApiOptions & { seconds?: number },
) {
  const { answer, instance, url, seconds = 10, ...rest } = options;
  const api = { ...(answer && { answer }), ...(instance && { instance }), ...(url && { url }) };
  const { host, calls, stop } = await startTestApi(api);
  onTestFinished(stop);
  const deadline = new Deadline(seconds);
  onTestFinished(() => deadline.stop("over"));
  const verification = new Verification({ environment: "test" }, checks, false);
  await verify(
    {
      ...{ client: new RenderClient({ apiKey: "k", host, signal: deadline.signal }), deadline },
      ...{ secrets: new Secrets(), onProgress: () => {} },
      ...{ expected: EXPECTED, instanceId: INSTANCE.id, ownerId: undefined, checks, vantage: "api-only", prove: "no" },
      memoryUse: { warnPercent: 70, failPercent: 80 },
      ...{ stackDirectory: "no/such/directory", used: { redis: { expected: EXPECTED } } },
      ...rest,
    },
    verification,
  );
  const report = verification.report();
  return { report, calls, statuses: report.results.map(({ id, status }) => `${id} ${status}`) };
}

/** Something that says that it is unavailable, and the next time nothing. */
function answeringOnce(): Promise<Listener> {
  let connections = 0;
  return listen((socket) => {
    connections += 1;
    if (connections === 1) socket.end("HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
}

describe("the service", () => {
  const checks = [serviceVariables, serviceHealth];

  test("is looked at when a check asks for it", async () => {
    const url = await reachable(answering("HTTP/1.1 204 No Content\r\n\r\n"));
    const all = [...checks, serviceDeploy];
    const { statuses, calls } = await verified(all, { service: SERVICE, answer: withService(url) });
    expect(statuses).toEqual([
      ...["available pass", "backend-variables pass", "backend-health pass", "backend-deploy pass"],
    ]);
    expect(calls.some((call) => call.includes("/services/"))).toBe(true);
  });

  test.each([
    ["does not answer", () => reachable(closing()), "no answer ("],
    ["answers with an error, and then no more", () => reachable(answeringOnce()), "503 after"],
  ])("%s", async (_, address, actual) => {
    const { report } = await verified([serviceHealth], {
      ...{ seconds: 2, service: SERVICE, answer: withService(await address()) },
    });
    expect(report.results.at(-1)).toMatchObject({
      status: "fail",
      evidence: { actual: expect.stringContaining(actual) },
    });
  });

  test.each([
    ["background_worker", undefined, {}, "api is a background worker, which has no address"],
    ["cron_job", undefined, {}, "api is a cron job, which has no address"],
    ["static_site", undefined, { region: undefined, plan: null }, "api is a static site, which has no address"],
    ["private_service", "api:10000", {}, "api is a private service: api:10000 can be asked only inside"],
    [
      "web_service",
      "https://api.onrender.com",
      { renderSubdomainPolicy: "disabled" },
      "onrender.com address of api is",
    ],
  ])("a %s at %s that cannot be asked from outside is not known to answer", async (type, url, details, reason) => {
    const { report } = await verified([serviceHealth], { service: SERVICE, answer: withService(url, type, details) });
    expect(report.results.at(-1)).toMatchObject({ status: "unknown", reason: expect.stringContaining(reason) });
  });

  test("is asked at a whole address where the environment names one", async () => {
    const own = await reachable(answering("HTTP/1.1 204 No Content\r\n\r\n"));
    const details = { renderSubdomainPolicy: "disabled" };
    const { report } = await verified([serviceHealth], {
      service: { ...SERVICE, healthPath: `${own}/health` },
      answer: withService("https://api.onrender.com", "web_service", details),
    });
    expect(report.results.at(-1)).toMatchObject({ status: "pass" });
  });

  const free = (url: string) => withService(url, "web_service", { plan: "free" });

  test("that is free may hold the first request until it is awake", async () => {
    const url = await reachable(
      listen((socket) => {
        socket.on("error", () => {});
        setTimeout(() => socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), 5_500);
      }),
    );
    const { report } = await verified([serviceHealth], { service: SERVICE, answer: free(url), seconds: 20 });
    expect(report.results.at(-1)).toMatchObject({ status: "pass" });
  });

  /** Answers 503 for so many seconds, each request taking forty. */
  function wakingUp(seconds: number): Promise<Listener> {
    let passed = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() + passed * 1_000);
    onTestFinished(() => void vi.restoreAllMocks());
    return listen((socket) => {
      socket.end(`HTTP/1.1 ${passed < seconds ? 503 : 204} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      passed += 40;
    });
  }

  test.each([
    ["80 s", 80, "pass"],
    ["too long", 200, "fail"],
  ])("that is free may answer 503 for %s while it wakes up", async (_, seconds, status) => {
    const url = await reachable(wakingUp(seconds));
    const { report } = await verified([serviceHealth], { service: SERVICE, answer: free(url), seconds: 300 });
    expect(report.results.at(-1)).toMatchObject({ status });
  });

  test("that is paid may not", async () => {
    const url = await reachable(wakingUp(80));
    const { report } = await verified([serviceHealth], { service: SERVICE, answer: withService(url), seconds: 300 });
    expect(report.results.at(-1)).toMatchObject({ status: "fail" });
  });

  test("that is free and still waking up at the deadline is not known to be broken", async () => {
    const url = await reachable(answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    const { report } = await verified([serviceHealth], { service: SERVICE, answer: free(url), seconds: 2 });
    expect(report.results.at(-1)).toMatchObject({
      ...{ status: "unknown", reason: expect.stringContaining("still waking up") },
      remedy: expect.stringContaining("checks.deadlineSeconds"),
    });
  });

  test("is not asked without a health path", async () => {
    const { healthPath, ...silent } = SERVICE;
    const { statuses } = await verified(checks, { service: silent, answer: withService("http://127.0.0.1:1") });
    expect(healthPath).toBeDefined();
    expect(statuses).toEqual(["available pass", "backend-variables pass", "backend-health skip"]);
  });

  test("is not looked at when no check asks for it", async () => {
    const { statuses, calls } = await verified([identity], { service: SERVICE });
    expect(statuses).toEqual(["available pass", "identity pass"]);
    expect(calls).toEqual([`GET /v1/key-value/${INSTANCE.id}`]);
  });

  test("is unknown when none is known", async () => {
    const { statuses } = await verified(checks, {});
    expect(statuses).toEqual(["available pass", "backend-variables unknown", "backend-health unknown"]);
  });

  test.each([
    [404, `there is no service ${SERVICE.serviceId}`],
    [400, "failed: 400: not found."],
  ])("is unknown when Render answers %i", async (status, reason) => {
    const { report } = await verified([serviceVariables], {
      service: SERVICE,
      answer(request, response) {
        if (!request.url?.includes("/services/") && !request.url?.includes("/env-groups")) return false;
        response.writeHead(status, { "content-type": "application/json" }).end('{"message":"not found"}');
        return true;
      },
    });
    expect(report.results.at(-1)).toMatchObject({ status: "unknown", reason: expect.stringContaining(reason) });
  });
});

test("a check says how long looking took for it alone", async () => {
  const late = await listen((socket) => setTimeout(() => socket.end("HTTP/1.1 204 No Content\r\n\r\n"), 300));
  const address = await reachable(Promise.resolve(late));
  const { report } = await verified([identity, serviceHealth], { service: SERVICE, answer: withService(address) });
  const [, instant, asked] = report.results;
  expect(instant?.durationMs).toBe(0);
  expect(asked?.durationMs).toBeGreaterThanOrEqual(250);
  const slow = await listen((socket) => {
    socket.on("data", () => setTimeout(() => socket.write(`${"+PONG\r\n".repeat(7)}`), 300));
  });
  onTestFinished(() => slow.stop());
  const seen = await verified([ping, role], { vantage: "external", url: `redis://localhost:${slow.port}` });
  const [, pinged, derived] = seen.report.results;
  expect(pinged).toMatchObject({ id: "ping", status: "pass" });
  expect(pinged?.durationMs).toBeGreaterThanOrEqual(250);
  expect(derived?.durationMs).toBe(0);
});

test("a check that breaks is unknown, leaves the others alone, and its error stays inside", async () => {
  const check = (id: string, run: Check["run"]): Check => ({ id, title: "T", proves: "P.", run });
  const { report, statuses } = await verified(
    [
      check("breaks", () => {
        throw new TypeError("the secret is abc");
      }),
      check("works", () => ({ status: "pass", evidence: { expected: "a", actual: "a", source: "s" } })),
    ],
    {},
  );
  expect(statuses).toEqual(["available pass", "breaks unknown", "works pass"]);
  expect(JSON.stringify(report)).toContain("TypeError");
  expect(JSON.stringify(report)).not.toContain("abc");
});

describe("the instance", () => {
  const missing = always(404, '{"message":"not found"}');
  const entries =
    (...ids: string[]): Answer =>
    (request, response) => {
      const all = ids.map((id) => ({ cursor: id, keyValue: { ...INSTANCE, id } }));
      response.end(JSON.stringify(request.url?.includes("cursor") ? [] : all));
      return true;
    };
  const creating = { instance: { status: "creating" } };

  test.each<[string, Parameters<typeof verified>[1], string, RegExp, boolean?]>([
    ["is suspended", { instance: { status: "suspended" } }, "fail", /the instance is suspended/],
    ["is not ready in time", { ...creating, seconds: 2 }, "fail", /creating \(the deadline of 2 s passed\)/],
    ["does not exist", { answer: missing }, "fail", /there is no such instance/],
    ["is not found", { instanceId: undefined, answer: entries() }, "fail", /no instance .*test-redis.* in oregon/],
    ["is one of two", { instanceId: undefined, answer: entries("red-a", "red-b") }, "unknown", /red-a, red-b/, true],
    ["is not for this key", { answer: always(401, "{}") }, "unknown", /failed: 401/, true],
    ["is in another workspace", { answer: always(403, "{}") }, "unknown", /failed: 403/, true],
    ["is garbage", { answer: always(200, "<html>") }, "unknown", /not JSON/],
    [
      "is not told in time",
      { answer: always(500, ""), seconds: 1 },
      "unknown",
      /500: Internal Server Error\. And then the deadline of 1 s passed/,
    ],
  ])("%s: nothing is judged", async (_, options, status, says, misconfigured = false) => {
    const { report } = await verified([identity], options);
    const [available, other] = report.results;
    expect(available).toMatchObject({ id: "available", status });
    expect(JSON.stringify(available)).toMatch(says);
    const known = status === "fail" ? "there is no available" : "it is not known whether there is an available";
    expect(other).toMatchObject({ id: "identity", reason: `not run: ${known} instance` });
    expect(report).toMatchObject({ misconfigured, passedOver: [] });
    expect(report.vantage).toBeUndefined();
  });

  test("is what the report is about, with the vantage that it was seen from", async () => {
    const { report } = await verified([identity], { vantage: "external", url: "redis://localhost:1", seconds: 1 });
    const { id, name, region, plan } = INSTANCE;
    expect(report).toMatchObject({ instance: { id, name, region, plan }, vantage: "external" });
    expect(report.results.map(({ status }) => status)).toEqual(["pass", "pass"]);
  });

  test("cannot be seen without its URL: what the API tells is judged all the same", async () => {
    const { report } = await verified([identity, role], {
      vantage: "external",
      answer: (request, response) => request.url?.endsWith("/connection-info") === true && missing(request, response),
    });
    expect(report).toMatchObject({ vantage: "api-only", passedOver: [] });
    expect(report.results.at(-1)).toMatchObject({ status: "unknown", reason: expect.stringContaining("404") });
  });
});

test.each([
  ["no", false],
  ["by hand", true],
  ["in a deploy", true],
] as const)("only what a check judges is tried; the proof when it is asked for: %s", async (prove, isFilled) => {
  let body = "";
  await verified([auth, identity, evictionProof, pubSub], {
    ...{ prove, vantage: "inside", serviceId: SERVICE.serviceId },
    answer(request, response) {
      if (!request.url?.includes("/jobs")) return false;
      request.on("data", (chunk) => {
        body += chunk;
      });
      return always(400, "{}")(request, response);
    },
  });
  // The one quoted argument after the host and the seconds.
  const [, asked = ""] = /set -- (.*?);u=;/.exec(JSON.parse(body).startCommand) ?? [];
  const words = ["SUBSCRIBE", "SETRANGE", "BRPOPLPUSH"].filter((word) => asked.includes(word));
  expect(words).toEqual(isFilled ? ["SUBSCRIBE", "SETRANGE"] : ["SUBSCRIBE"]);
  expect(asked).toMatch(/\|B 1 - /);
});
