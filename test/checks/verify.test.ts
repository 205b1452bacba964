import { describe, expect, onTestFinished, test } from "vitest";
import { serviceHealth, serviceVariables } from "../../checks/catalogue/service.ts";
import { identity } from "../../checks/catalogue/settings.ts";
import type { Check } from "../../checks/check.ts";
import { Verification } from "../../checks/verification.ts";
import { type VerifyOptions, verify } from "../../checks/verify.ts";
import { RenderClient } from "../../render/api/client.ts";
import { Deadline } from "../../runtime/deadline.ts";
import { Secrets } from "../../runtime/secrets.ts";
import { EXPECTED, INSTANCE, startTestApi, type TestApiOptions } from "./support/render-api.ts";
import { answering, closing, type Listener } from "./support/sockets.ts";

const SERVICE = {
  name: "api",
  serviceId: "srv-d00000000000000000a0",
  groupName: "queues-env",
  env: {},
  healthPath: "/health",
  rollOutSeconds: 60,
};
const STAMPS = { createdAt: "2026-06-17T08:15:30Z", updatedAt: "2026-06-17T08:15:30Z" };
const GROUP = {
  ...{ id: "evg-1", name: "queues-env", ownerId: "tea-test", secretFiles: [], ...STAMPS },
  serviceLinks: [{ id: SERVICE.serviceId, name: "api", type: "web_service" }],
  envVars: [{ key: "REDIS_URL", value: `redis://${INSTANCE.id}:6379` }],
};

/** A service of Render's, at this address. */
function withService(url: string | undefined): TestApiOptions["answer"] {
  const service = {
    ...{ id: SERVICE.serviceId, name: "api", type: "web_service", ownerId: "tea-test" },
    ...{ autoDeploy: "yes", suspended: "not_suspended", serviceDetails: { region: "oregon", plan: "starter", url } },
  };
  const answers: readonly (readonly [path: RegExp, answer: unknown])[] = [
    [/cursor=/, []],
    [/^\/v1\/services\/[^/]+$/, service],
    [/\/env-vars/, []],
    [/\/deploys/, [{ deploy: { id: "dep-1", status: "live", ...STAMPS } }]],
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
  options: Partial<VerifyOptions> & { answer?: TestApiOptions["answer"] },
) {
  const { answer, ...rest } = options;
  const { host, calls, stop } = await startTestApi(answer === undefined ? {} : { answer });
  onTestFinished(stop);
  const deadline = new Deadline(10);
  onTestFinished(() => deadline.stop("over"));
  const verification = new Verification("test", checks, false);
  await verify(
    {
      ...{ client: new RenderClient({ apiKey: "k", host }), deadline, secrets: new Secrets(), onProgress: () => {} },
      ...{ expected: EXPECTED, instanceId: INSTANCE.id, ownerId: undefined, checks, vantage: "api-only", prove: false },
      memoryUse: { warnPercent: 70, failPercent: 80 },
      ...rest,
    },
    verification,
  );
  const report = verification.report();
  return { report, calls, statuses: report.results.map(({ id, status }) => `${id} ${status}`) };
}

describe("the service", () => {
  const checks = [serviceVariables, serviceHealth];

  test("is looked at when a check asks for it", async () => {
    const url = await reachable(answering("HTTP/1.1 204 No Content\r\n\r\n"));
    const { statuses, calls } = await verified(checks, { service: SERVICE, answer: withService(url) });
    expect(statuses).toEqual(["available pass", "backend-variables pass", "backend-health pass"]);
    expect(calls.some((call) => call.includes("/services/"))).toBe(true);
  });

  test.each([
    ["has no address", async () => undefined, "the service has no address after 0.0 s"],
    ["does not answer", () => reachable(closing()), "no answer (UND_ERR_SOCKET) after"],
  ])("%s", async (_, address, actual) => {
    const deadline = new Deadline(2);
    const { report } = await verified([serviceHealth], {
      ...{ deadline, service: SERVICE, answer: withService(await address()) },
    });
    expect(report.results.at(-1)).toMatchObject({
      status: "fail",
      evidence: { actual: expect.stringContaining(actual) },
    });
  });

  test("is not looked at when no check asks for it", async () => {
    const { statuses, calls } = await verified([identity], { service: SERVICE });
    expect(statuses).toEqual(["available pass", "identity pass"]);
    expect(calls).toEqual([`GET /v1/key-value/${INSTANCE.id}`]);
  });

  test("is skipped when none is known", async () => {
    const { statuses } = await verified(checks, {});
    expect(statuses).toEqual(["available pass", "backend-variables skip", "backend-health skip"]);
  });

  test("is unknown when Render does not know it", async () => {
    const { report } = await verified([serviceVariables], {
      service: SERVICE,
      answer(request, response) {
        if (!request.url?.includes("/services/") && !request.url?.includes("/env-groups")) return false;
        response.writeHead(404, { "content-type": "application/json" }).end('{"message":"not found"}');
        return true;
      },
    });
    expect(report.results.at(-1)).toMatchObject({
      status: "unknown",
      reason: `there is no service ${SERVICE.serviceId}`,
    });
  });
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
