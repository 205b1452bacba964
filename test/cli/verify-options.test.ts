import { describe, expect, test } from "vitest";
import { allChecks } from "../../checks/catalogue/all-checks.ts";
import { instanceSubject, serviceSubject } from "../../cli/verify-request.ts";
import { expectedService, serviceSchema } from "../../render/service.ts";
import { Stop } from "../../runtime/errors.ts";
import { readStep } from "../../steps/steps.ts";
import { EXPECTED } from "../checks/support/render-api.ts";
import { readCommandLine } from "./read-verify.ts";

const POST_APPLY = {
  REDIS_INSTANCE_ID: "red-abc",
  REDIS_EXPECTED: JSON.stringify(EXPECTED),
  REDIS_INSTANCES: JSON.stringify({ redis: { id: "red-abc", ...EXPECTED } }),
  SERVICE_IDS: "[]",
  TERRAFORM_DIRECTORY: "no/such/directory",
  REDIS_CHECKS: JSON.stringify({ deadlineSeconds: 300, acceptUnknown: false }),
};
const LIMITS = JSON.stringify({ deadlineSeconds: 60, acceptUnknown: true });
const SERVICE = JSON.stringify(
  expectedService(serviceSchema.parse({ name: "backend", uses: { REDIS_URL: "redis" } }), `srv-${"a".repeat(20)}`),
);

/** What a step of Terraform's graph verifies. */
function afterApply(args: readonly string[], variables: object) {
  const env = { ...POST_APPLY, ...variables } as NodeJS.ProcessEnv;
  const isProof = "BACKEND_EXPECTED" in env;
  const subject = isProof ? serviceSubject(readStep("proof", env)) : instanceSubject(readStep("checks", env));
  return readCommandLine(args, env, subject);
}

describe("readCommandLine", () => {
  test("an environment, with its own settings", async () => {
    const request = await readCommandLine(["local"], {});
    expect(request).toMatchObject({
      targets: [
        {
          ...{ expected: { environment: "local", plan: "starter" }, deadlineSeconds: 300, acceptUnknown: false },
          ...{ vantage: "auto", prove: "no", checks: allChecks, memoryUse: { warnPercent: 70, failPercent: 80 } },
        },
      ],
      reports: [{ format: "table", file: undefined }],
    });
  });

  test("several environments, each once", async () => {
    const request = await readCommandLine(["local", "staging", "local"], {});
    expect(request?.targets.map(({ expected }) => expected.environment)).toEqual(["local", "staging"]);
  });

  test("everything that can be said", async () => {
    const request = await readCommandLine(
      [
        ...[
          "local",
          "--instance",
          "red-abc",
          "--deadline",
          "7.5",
          "--accept-unknown",
          "--prove",
          "--vantage",
          "inside",
        ],
        ...["--only", "ping", "--only", "auth", "--memory-warn", "50", "--memory-fail", "60"],
        ...["--report", "table", "--report", "json=a=b.json"],
      ],
      { TF_VAR_backend_service_id: "srv-x" },
    );
    expect(request).toMatchObject({
      targets: [
        {
          ...{ instanceId: "red-abc", deadlineSeconds: 7.5, acceptUnknown: true, serviceId: "srv-x" },
          ...{ vantage: "inside", prove: "by hand", memoryUse: { warnPercent: 50, failPercent: 60 } },
        },
      ],
      reports: [{ format: "table" }, { format: "json", file: "a=b.json" }],
    });
    expect(request?.targets[0]?.checks.map(({ id }) => id)).toEqual(["ping", "auth"]);
  });

  test.each([
    [["--only", "available"], []],
    [["--only", "available", "--only", "ping"], ["ping"]],
  ])("%j: whether the instance is available is looked at in any case", async (args, checks) => {
    const request = await readCommandLine(["local", ...args], {});
    expect(request?.targets[0]?.checks.map(({ id }) => id)).toEqual(checks);
  });

  test("what a step of Terraform's graph is given", async () => {
    const request = await afterApply([], { TF_VAR_backend_service_id: "" });
    expect(request?.targets).toEqual([
      {
        ...{ expected: EXPECTED, instanceId: "red-abc", deadlineSeconds: 300, acceptUnknown: false },
        ...{ otherServiceIds: [], serviceId: undefined, about: "instance", service: undefined },
        ...{ vantage: "auto", prove: "no", memoryUse: { warnPercent: 70, failPercent: 80 } },
        checks: allChecks.filter(({ about }) => about !== "service"),
        stackDirectory: "no/such/directory",
        afterApply: true,
      },
    ]);
  });

  test.each([
    [{ prove: true }, [], "in a deploy"],
    [{ prove: false }, [], "no"],
    [{ prove: true }, ["--prove"], "by hand"],
  ])("in a deploy, the proof is asked for by %j and %j", async (limits, args, prove) => {
    const REDIS_CHECKS = JSON.stringify({ deadlineSeconds: 60, acceptUnknown: false, ...limits });
    const request = await afterApply(args, { REDIS_CHECKS });
    expect(request?.targets).toMatchObject([{ prove }]);
  });

  test.each<
    [variables: object, args: string[], serviceId: string | undefined, deadlineSeconds: number, checks: RegExp]
  >([
    [{ SERVICE_IDS: '["srv-own"]' }, [], "srv-own", 300, /^identity,single-instance,ping,(?!.*backend)/],
    [{ REDIS_CHECKS: LIMITS, TF_VAR_backend_service_id: "srv-tf" }, [], undefined, 60, /^identity,/],
    [
      { BACKEND_EXPECTED: SERVICE },
      ["--deadline", "9"],
      `srv-${"a".repeat(20)}`,
      9,
      /^backend-single-group,backend-linked-alone,backend-variables,(?!.*ping)/,
    ],
    [{ BACKEND_EXPECTED: SERVICE }, ["--only", "auth"], `srv-${"a".repeat(20)}`, 300, /^auth$/],
  ])("after an apply with %j and %j", async (variables, args, serviceId, deadlineSeconds, checks) => {
    const request = await afterApply(args, variables);
    expect(request?.targets).toMatchObject([{ serviceId, deadlineSeconds }]);
    expect(request?.targets[0]?.service?.name).toBe("BACKEND_EXPECTED" in variables ? "backend" : undefined);
    expect(request?.targets[0]?.checks.map(({ id }) => id).join(",")).toMatch(checks);
  });

  test.each([["--help"], ["-h"], ["local", "--help"]])("%s asks for nothing else", async (...args) => {
    expect(await readCommandLine(args, {})).toBeUndefined();
  });

  test.each([
    [{}, undefined],
    [{ TF_VAR_backend_service_id: "" }, undefined],
    [{ TF_VAR_backend_service_id: "srv-x" }, "srv-x"],
  ])("the service of an environment is known by its id, from %j", async (env, serviceId) => {
    const [target] = (await readCommandLine(["local"], env))?.targets ?? [];
    expect([target?.serviceId, target?.service?.serviceId]).toEqual([serviceId, serviceId]);
  });

  test("the limits of what can be said can be said", async () => {
    const args = ["--deadline", "86400", "--memory-warn", "100", "--memory-fail", "100"];
    const request = await readCommandLine(["local", ...args], {});
    const memoryUse = { warnPercent: 100, failPercent: 100 };
    expect(request?.targets).toMatchObject([{ deadlineSeconds: 86_400, memoryUse }]);
  });

  test.each<[string[], RegExp]>([
    [[], /Name at least one environment/],
    [["locl"], /The environment must be one of .*, got: "locl"\. Did you mean "local"\?/],
    [["--instance", "red-abc"], /Name at least one environment/],
    [["local", "staging", "--instance", "red-abc"], /exactly one environment, and one instance/],
    [["local", "--deadline", "0"], /--deadline must be a number of seconds/],
    [["local", "--deadline", "soon"], /--deadline must be .*, got: "soon"/],
    [["local", "--deadline", "86401"], /up to 86400, got: "86401"/],
    [["local", "--deadline", "1e3"], /got: "1e3"/],
    [["local", "--deadline", "0x9"], /got: "0x9"/],
    [["local", "--deadline", "9."], /got: "9\."/],
    [["local", "--vantage", "insid"], /--vantage must be one of .*Did you mean "inside"\?/],
    [["local", "--only", "pong"], /--only must be one of .*Did you mean "ping"\?/],
    [["local", "--memory-warn", "90"], /--memory-warn must not be above --memory-fail/],
    [["local", "--memory-fail", "101"], /--memory-fail must be a percentage up to 100/],
    [["local", "--report", "xml"], /--report must be one of table, json, junit, markdown, github/],
    [["local", "--report", "json="], /--report must be one of/],
    [["local", "--shout"], /^$/],
  ])("%j is refused", async (args, message) => {
    const refused = readCommandLine(args, {});
    await expect(refused).rejects.toThrow(Stop);
    await expect(refused).rejects.toThrow(message);
  });
});
