import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { observation } from "../../checks/program.ts";
import { RenderClient } from "../../render/api/client.ts";
import { keyValue as keyValueSchema } from "../../render/api/endpoints.ts";
import { Deadline } from "../../runtime/deadline.ts";
import { Secrets } from "../../runtime/secrets.ts";
import { look } from "../../vantage/look.ts";
import { startRedis } from "../checks/support/redis-server.ts";
import { always, INSTANCE, startTestApi, type TestApiOptions } from "../checks/support/render-api.ts";
import { answering } from "../checks/support/sockets.ts";

const BACKEND = "srv-00000000000000000000";
const INSIDE = { serviceId: BACKEND } as const;

/** Where the checks look from when the API and the world are so. */
async function lookAt(
  api: TestApiOptions,
  options: {
    readonly vantage?: "auto" | "external" | "inside" | "api-only";
    readonly serviceId?: string;
    readonly otherServiceIds?: readonly string[];
    readonly deadlineSeconds?: number;
  } = {},
) {
  const { host, calls, stop } = await startTestApi(api);
  onTestFinished(stop);
  const deadline = new Deadline(options.deadlineSeconds ?? 10);
  onTestFinished(() => deadline.stop("the test is over"));
  const seen = await look(
    observation([]),
    keyValueSchema.parse({ ...INSTANCE, ...api.instance }),
    options.vantage ?? "auto",
    {
      client: new RenderClient({ apiKey: "k", host, signal: deadline.signal }),
      serviceId: options.serviceId,
      otherServiceIds: options.otherServiceIds,
      deadline,
      signal: deadline.signal,
      secrets: new Secrets(),
      onProgress: () => {},
    },
  );
  return { live: seen, calls };
}

/** Jobs that the API refuses, as for a free service. */
const noJobs: NonNullable<TestApiOptions["answer"]> = (request, response) =>
  request.url?.includes("/jobs") === true && always(400, '{"message":"not for free services"}')(request, response);

/** A job with this status that has logged these lines. */
const job =
  (status: string, lines: readonly string[] = []): NonNullable<TestApiOptions["answer"]> =>
  (request, response) => {
    if (request.url?.startsWith("/v1/logs")) {
      const logs = lines.map((message, index) => ({ id: `${index}`, message, timestamp: "2026-06-17T08:15:30Z" }));
      const page = { hasMore: false, nextStartTime: "", nextEndTime: "", logs };
      return always(200, JSON.stringify(page))(request, response);
    }
    if (!request.url?.includes("/jobs")) return false;
    return always(200, JSON.stringify({ id: "job-1", serviceId: BACKEND, status }))(request, response);
  };

/** The line in which a program answers the exchanges of the core: what PING and the others brought, five more, and the end. */
const said = (first: string) => [`render-redis-check python3 1/1 ${[first, ...Array(6).fill("500^+PONG@")].join("|")}`];
const OOM = said("0^-OOM^full@");

async function refusing(): Promise<string> {
  const { port, stop } = await answering("-AUTH failed: Client IP address is not in the allowlist.\r\n");
  onTestFinished(stop);
  return `redis://u:secret@localhost:${port}`;
}

describe("auto", () => {
  test("from outside, when that works", async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const { live, calls } = await lookAt({ url: `redis://localhost:${server.port}` }, { serviceId: BACKEND });
    expect(live).toMatchObject({
      vantage: "external",
      passedOver: [],
      seen: { core: { ping: { reply: "PONG" } } },
    });
    expect(calls.some((call) => call.includes("/jobs"))).toBe(false);
  });

  test("nobody may come from outside, and no service is known: it says both", async () => {
    const { live, calls } = await lookAt({ url: "redis://localhost:1", instance: { ipAllowList: null } });
    expect(live).toMatchObject({
      vantage: "api-only",
      passedOver: [
        { vantage: "external", reason: expect.stringContaining("allow list is empty") },
        { vantage: "inside", reason: expect.stringContaining("no service is known") },
      ],
      obstacle: { remedy: expect.stringMatching(/TF_VAR_backend_service_id.*redis\.ipAllowList/) },
    });
    expect(calls).toEqual([]);
  });

  test("not on the allow list, and no jobs: unknown, with Render's words", async () => {
    const { live } = await lookAt({ url: await refusing(), answer: noJobs }, { serviceId: BACKEND });
    expect(live).toMatchObject({
      vantage: "external",
      passedOver: [{ vantage: "inside", reason: expect.stringContaining("not for free services") }],
      obstacle: { failure: "NOT_ALLOWED" },
    });
  });

  test("a refused connection does not take the time of a job", async () => {
    const { live } = await lookAt(
      { url: "redis://localhost:1", answer: noJobs },
      { serviceId: BACKEND, deadlineSeconds: 3 },
    );
    expect(live).toMatchObject({
      vantage: "external",
      passedOver: [{ vantage: "inside", reason: expect.stringContaining("not for free services") }],
      obstacle: { failure: "REFUSED" },
    });
  });

  test("what a job sees counts when nobody is let in from outside", async () => {
    const seen = await lookAt({ url: await refusing(), answer: job("succeeded", OOM) }, INSIDE);
    expect(seen.live).toMatchObject({
      vantage: "inside",
      passedOver: [{ vantage: "external" }],
      obstacle: { failure: "OOM", reason: expect.stringContaining("(OOM)") },
    });
  });

  /** A job whose lines are in the log only after so many seconds, each look at it taking ten; until then it is `null`. */
  function late(seconds: number): NonNullable<TestApiOptions["answer"]> {
    let passed = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() + passed * 1_000);
    onTestFinished(() => void vi.restoreAllMocks());
    return (request, response) => {
      if (!request.url?.startsWith("/v1/logs")) return job("succeeded")(request, response, 0);
      passed += 10;
      if (passed > seconds) return job("succeeded", OOM)(request, response, 0);
      return always(200, '{"hasMore":false,"nextStartTime":"","nextEndTime":"","logs":null}')(request, response);
    };
  }

  test.each([
    ["40 s late", 40, { failure: "OOM" }],
    ["much later", 120, { reason: expect.stringContaining("no connection") }],
  ])("what a job saw reaches the log %s", async (_, seconds, obstacle) => {
    const api = { url: await refusing(), answer: late(seconds) };
    const { live } = await lookAt(api, { ...INSIDE, deadlineSeconds: 300 });
    expect(live).toMatchObject({ obstacle });
  });

  test("a result is not looked away from", async () => {
    const server = await startRedis({ password: "another password" });
    onTestFinished(() => server.stop());
    const { live, calls } = await lookAt({ url: `redis://u:wrong@localhost:${server.port}` }, { serviceId: BACKEND });
    expect(live).toMatchObject({ vantage: "external", obstacle: { failure: "WRONGPASS" } });
    expect(calls.some((call) => call.includes("/jobs"))).toBe(false);
  });
});

describe("inside", () => {
  test("a job that says nothing: what its image may lack", async () => {
    const { live } = await lookAt(
      { answer: job("failed") },
      { vantage: "inside", serviceId: BACKEND, deadlineSeconds: 20 },
    );
    expect(live).toMatchObject({
      vantage: "inside",
      obstacle: {
        reason: expect.stringContaining("without an answer in its log"),
        remedy: expect.stringMatching(/redis\.ipAllowList.*checks\.acceptUnknown/),
      },
    });
  });

  test("what the probe saw", async () => {
    const answer = job("succeeded", ["starting", ...said("0^+PONG@$11@role:master@-NOPERM^no@+OK@$-1@:9@:1@")]);
    const { live } = await lookAt({ answer }, { ...INSIDE, vantage: "inside" });
    const core = { ping: { reply: "PONG" }, info: { reply: "role:master" }, configuredPolicy: { failure: "NOPERM" } };
    const write = { set: { reply: "OK" }, get: { reply: null }, ttl: { reply: 9 }, deleted: { reply: 1 } };
    const latenciesMs = [0.5, 0.5, 0.5, 0.5, 0.5];
    expect(live).toMatchObject({ vantage: "inside", passedOver: [], seen: { core: { ...core, write, latenciesMs } } });
  });

  test("as a job of the next service, where one has none, or nothing in its image can look", async () => {
    const [free, bare, python] = ["srv-00000000000000000001", "srv-00000000000000000002", "srv-00000000000000000003"];
    const answer: NonNullable<TestApiOptions["answer"]> = (request, response, call) => {
      if (request.url?.includes(`${free}/jobs`)) return noJobs(request, response, call);
      if (request.url?.includes(`${bare}/jobs`)) {
        return always(200, JSON.stringify({ id: "job-2", serviceId: bare, status: "failed" }))(request, response);
      }
      const lines = request.url?.includes("job-2") ? ["render-redis-check none node:1 bash:absent"] : OOM;
      return job("succeeded", lines)(request, response, call);
    };
    const inside = { vantage: "inside", serviceId: free } as const;
    const found = await lookAt({ answer }, { ...inside, otherServiceIds: [bare, python] });
    expect(found.live).toMatchObject({ vantage: "inside", obstacle: { failure: "OOM" } });
    const { live } = await lookAt({ answer }, { ...inside, otherServiceIds: [free, bare] });
    const image = "the service's image has a shell, but nothing in it could look: node ended with 1; no bash";
    expect(live).toMatchObject({
      obstacle: { reason: expect.stringMatching(new RegExp(`^${free}: no job inside: .*; ${bare}: ${image}$`)) },
    });
  });

  test.each<[string, NonNullable<TestApiOptions["answer"]>]>([
    ["does not end", job("running")],
    ["has ended, and its log says nothing", job("succeeded")],
    ["is not even begun", (request) => request.url?.includes("/jobs") === true],
  ])("a job that %s in time", async (_, answer) => {
    const { live } = await lookAt({ answer }, { ...INSIDE, vantage: "inside", deadlineSeconds: 1 });
    expect(live).toMatchObject({ vantage: "inside", obstacle: { reason: "the job did not end in time" } });
  });

  test.each([
    [1, 1_000, 1_000],
    [10, 3_500, 5_000],
    [300, 235_000, 240_000],
  ])("of %i s the probe gets what the log does not need", async (deadlineSeconds, least, most) => {
    let body = "";
    const answer: NonNullable<TestApiOptions["answer"]> = (request, response, call) => {
      request.on("data", (chunk) => {
        body += chunk;
      });
      return noJobs(request, response, call);
    };
    await lookAt({ answer }, { ...INSIDE, vantage: "inside", deadlineSeconds });
    const { startCommand } = z.object({ startCommand: z.string() }).parse(JSON.parse(body));
    const [, id, seconds] = /set -- '\\''(\S+)'\\'' '\\''(\d+)'\\''/.exec(startCommand) ?? [];
    const withinMs = Number(seconds) * 1_000;
    expect(id).toBe(INSTANCE.id);
    expect(withinMs).toBeGreaterThanOrEqual(least);
    expect(withinMs).toBeLessThanOrEqual(most);
  });

  test("what the job is told holds no secret", async () => {
    let body = "";
    await lookAt(
      {
        url: "redis://u:the-secret@localhost:1",
        answer: (request, response, call) => {
          request.on("data", (chunk) => {
            body += chunk;
          });
          return noJobs(request, response, call);
        },
      },
      { vantage: "inside", serviceId: BACKEND },
    );
    expect(body).toContain("startCommand");
    expect(body).not.toContain("the-secret");
    // One line, in a shell that it brings.
    expect(JSON.parse(body).startCommand).toMatch(/^sh -c '.*'$/);
    // Render keeps and shows the command, so no program brings a library with it.
    // In a mutation run all mutants are in it, too.
    if (process.env.STRYKER_MUTATOR_WORKER === undefined) {
      expect(JSON.parse(body).startCommand.length).toBeLessThan(20_000);
    }
  });
});

test("api-only touches nothing", async () => {
  const { live, calls } = await lookAt({}, { vantage: "api-only" });
  expect(live).toMatchObject({ vantage: "api-only", obstacle: { remedy: expect.any(String) } });
  expect(calls).toEqual([]);
});

test.each([
  ["redis://u:secret@203.0.113.1:6379", "NO_TLS"],
  ["redis://u:secret@127.0.0.1.example.invalid:6379", "NO_TLS"],
  ["REDIS://:secret@no-such-host.invalid", "NO_TLS"],
  ["rediss://u:secret@no-such-host.invalid", "NOT_FOUND"],
  ["redis://no-such-host.invalid", "NOT_FOUND"],
  ["redis://u:secret@127.0.0.1:1", "REFUSED"],
  ["redis://u:secret@localhost:1", "REFUSED"],
])("a password does not leave this machine without TLS: %s", async (url, failure) => {
  const { live } = await lookAt({ url }, { vantage: "external", deadlineSeconds: 1 });
  expect(live).toMatchObject({ obstacle: { failure } });
});
