import { expect, test } from "vitest";
import { z } from "zod";
import { strictly } from "../../../dev/emulator/http/serve.ts";
import { given } from "../../../render/api/endpoint.ts";
import { API } from "../../../render/api/endpoints.ts";

const TIMES = { createdAt: "2026-11-30T08:15:30Z", updatedAt: "2026-11-30T08:15:30Z" };
const OF_A_WORKSPACE = { name: "a", ownerId: "tea-1", ...TIMES };
const KEY_VALUE = {
  ...{ ...TIMES, id: "red-1", name: "a", plan: "starter", region: "oregon", status: "available" },
  ...{ options: { maxmemoryPolicy: "noeviction", persistenceMode: "off" }, ipAllowList: [], owner: { id: "tea-1" } },
};
const GROUP = { id: "evg-1", ...OF_A_WORKSPACE, serviceLinks: [], envVars: [], secretFiles: [] };
const SERVICE = {
  ...{ id: "srv-1", ...OF_A_WORKSPACE, type: "web_service", autoDeploy: "yes", suspended: "not_suspended" },
  ...{ environmentId: "evm-1", dashboardUrl: "https://dashboard.render.com/web/srv-1" },
  serviceDetails: {
    region: "oregon",
    plan: "starter",
    url: "https://a.onrender.com",
    renderSubdomainPolicy: "enabled",
  },
};
const DEPLOY = { id: "dep-1", status: "live", trigger: "api", createdAt: TIMES.createdAt };
const JOB = { id: "job-1", serviceId: "srv-1", status: "running", finishedAt: TIMES.createdAt };
const ENVIRONMENT = { id: "evm-1", name: "a", networkIsolationEnabled: true };
const LOGS = { hasMore: false, nextStartTime: "", nextEndTime: "", logs: [] };
const BLUEPRINT = { id: "exs-1", name: "a", resources: [] };

/** Each field that Render may leave out or give as null, in each answer that has it, and what is read instead. */
const LENIENT: readonly (readonly [field: string, name: keyof typeof API, whole: object, instead: unknown])[] = [
  ["options.persistenceMode", "listKeyValues", KEY_VALUE, "unknown"],
  ["options.persistenceMode", "getKeyValue", KEY_VALUE, "unknown"],
  ["serviceLinks", "listEnvGroups", GROUP, []],
  ["serviceLinks", "getEnvGroup", GROUP, []],
  ["envVars", "getEnvGroup", GROUP, []],
  ["secretFiles", "getEnvGroup", GROUP, []],
  ["autoDeploy", "getService", SERVICE, "unknown"],
  ["networkIsolationEnabled", "getEnvironment", ENVIRONMENT, false],
  ["resources", "getBlueprint", BLUEPRINT, []],
  ["status", "listDeploys", DEPLOY, "unknown"],
  ["createdAt", "listDeploys", DEPLOY, ""],
  ["status", "getDeploy", DEPLOY, "unknown"],
  ["createdAt", "getDeploy", DEPLOY, ""],
  ["status", "startDeploy", DEPLOY, "unknown"],
  ["createdAt", "startDeploy", DEPLOY, ""],
  ["status", "createJob", JOB, "pending"],
  ["status", "getJob", JOB, "pending"],
  ["logs", "getLogs", LOGS, []],
];

test.each(LENIENT)("`%s` of %s left out, or null, is read as nothing said; the emulator gives it", (...row) => {
  const [field, name, whole, instead] = row;
  const answer = answerOf(API[name]);
  expect(strictly(answer).safeParse(whole).error).toBeUndefined();
  for (const value of [undefined, null]) {
    const partial = withField(whole, field.split("."), value);
    expect(answer.parse(partial)).toHaveProperty(field, instead);
    expect(strictly(answer).safeParse(partial).success).toBe(false);
  }
});

test("no field that Render may leave out is missing here", () => {
  const marked = Object.entries(API).flatMap(([name, endpoint]) =>
    lenientFields(answerOf(endpoint)).map((field) => `${name} ${field}`),
  );
  expect(marked.sort()).toEqual(LENIENT.map(([field, name]) => `${name} ${field}`).sort());
});

// What stands for nothing in the fields that even the emulator may leave out.
test.each<[string, z.ZodType, object]>([
  ["environmentId", API.getKeyValue.answer, KEY_VALUE],
  ["ipAllowList", API.getKeyValue.answer, KEY_VALUE],
  ["environmentId", API.getEnvGroup.answer, GROUP],
  ["environmentId", API.getService.answer, SERVICE],
  ["serviceDetails.region", API.getService.answer, SERVICE],
  ["serviceDetails.plan", API.getService.answer, SERVICE],
  ["serviceDetails.url", API.getService.answer, SERVICE],
  ["serviceDetails.renderSubdomainPolicy", API.getService.answer, SERVICE],
  ["trigger", API.getDeploy.answer, DEPLOY],
  ["finishedAt", API.getJob.answer, JOB],
])("`%s` may be left out, or null", (field, answer, whole) => {
  for (const value of [undefined, null]) {
    expect(answer.safeParse(withField(whole, field.split("."), value)).error).toBeUndefined();
  }
});

function answerOf(endpoint: (typeof API)[keyof typeof API]): z.ZodType {
  return "item" in endpoint ? endpoint.item : endpoint.answer;
}

/** Where a schema has a field that `mayLack` marks. */
function lenientFields(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodOptional) return lenientFields(z.instanceof(z.ZodType).parse(schema.unwrap()));
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, field]) =>
    given.has(field) ? [name] : lenientFields(field).map((inner) => `${name}.${inner}`),
  );
}

function withField(whole: object, [name = "", ...rest]: readonly string[], value: unknown): object {
  const inner: unknown = Reflect.get(whole, name);
  const changed =
    rest.length > 0 && typeof inner === "object" && inner !== null ? withField(inner, rest, value) : value;
  if (changed === undefined) return Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name));
  return { ...whole, [name]: changed };
}
