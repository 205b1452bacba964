import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { strictly } from "../../../../dev/emulator/http/serve.ts";
import { BACKEND_SERVICE_ID } from "../../../../dev/emulator/state/seed.ts";
import { LogBook } from "../../../../dev/emulator/workspace/log-book.ts";
import { fillPath } from "../../../../render/api/endpoint.ts";
import { API } from "../../../../render/api/endpoints.ts";
import { renderInProcess } from "../in-process.ts";

let render: Awaited<ReturnType<typeof renderInProcess>>;
let ids: Readonly<Record<"instance" | "group" | "environment" | "deploy" | "job" | "blueprint", string>>;

beforeAll(async () => {
  render = await renderInProcess();
  const { ownerId, workspace, directory } = render;
  const { store } = workspace;
  const [environment] = store.environments.all;
  const environmentId = environment?.id ?? "";
  workspace.services.setVariable(BACKEND_SERVICE_ID, "LOG_LEVEL", { value: "info" });
  const allowed = { cidrBlock: "203.0.113.0/24", description: "office" };
  const instance = workspace.keyValues.create({
    ...{ name: "queue", ownerId, plan: "starter", environmentId, ipAllowList: [allowed] },
  });
  const group = workspace.envGroups.create({
    ...{ name: "queue-env", ownerId, envVars: [{ key: "REDIS_URL", value: "redis://queue:6379" }] },
    ...{ secretFiles: [{ name: "a.txt", content: "a" }], serviceIds: [BACKEND_SERVICE_ID] },
  });
  workspace.faults.change({ blueprint: [instance.id] });
  new LogBook(directory).write(instance.id, "Ready to accept connections", "stdout");
  const service = workspace.services.get(BACKEND_SERVICE_ID);
  const { body: blueprints } = await render.call("GET", "/blueprints");
  ids = {
    ...{ instance: instance.id, group: group.id, environment: environmentId },
    deploy: service.deployed.deployId,
    job: workspace.jobs.create(service, { startCommand: "true" }).id,
    blueprint: z.tuple([z.object({ blueprint: z.object({ id: z.string() }) })]).parse(blueprints)[0].blueprint.id,
  };
});
afterAll(() => render.stop());

interface Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly sent?: unknown;
}

const service = { params: { id: BACKEND_SERVICE_ID } };

/** A call of each endpoint: one that is not here does not compile. */
const CALLS: Readonly<Record<keyof typeof API, () => Call>> = {
  listOwners: () => ({}),
  listKeyValues: () => ({}),
  getKeyValue: () => ({ params: { id: ids.instance } }),
  getConnectionInfo: () => ({ params: { id: ids.instance } }),
  listEnvGroups: () => ({}),
  getEnvGroup: () => ({ params: { id: ids.group } }),
  listServices: () => ({}),
  getService: () => service,
  getEnvironment: () => ({ params: { id: ids.environment } }),
  listBlueprints: () => ({}),
  getBlueprint: () => ({ params: { id: ids.blueprint } }),
  listServiceEnvVars: () => service,
  listDeploys: () => service,
  getDeploy: () => ({ params: { ...service.params, deployId: ids.deploy } }),
  startDeploy: () => ({ ...service, sent: { deployMode: "deploy_only" } }),
  createJob: () => ({ ...service, sent: { startCommand: "true" } }),
  getJob: () => ({ params: { ...service.params, jobId: ids.job } }),
  getLogs: () => ({ sent: { ownerId: render.ownerId, resource: ids.instance } }),
  // What needs no running server.
  getMetric: () => ({ params: { metric: "memory-limit" }, sent: { resource: ids.instance } }),
};

test.each(Object.entries(API))("the emulator answers %s with all that the client reads", async (name, endpoint) => {
  const { params = {}, sent } = CALLS[nameOf(name)]();
  const path = fillPath(endpoint.path, params);
  if ("item" in endpoint) {
    const { status, body } = await render.call("GET", path);
    expect([status, body]).toEqual([200, expect.any(Array)]);
    const entry = z.looseObject({ cursor: z.string().min(1), [endpoint.key]: strictly(endpoint.item) });
    // An empty list would show nothing.
    expect(z.array(entry).min(1).safeParse(body).error).toBeUndefined();
    return;
  }
  const { method, statuses } = endpoint;
  expect(endpoint.sent.safeParse(sent).error).toBeUndefined();
  const { status, body } =
    method === "GET"
      ? await render.call(method, `${path}?${new URLSearchParams(query(sent))}`)
      : await render.call(method, path, sent);
  expect([status, body]).toEqual([statuses[0], expect.any(Object)]);
  expect(strictly(endpoint.answer).safeParse(body).error).toBeUndefined();
});

test("lists within an answer have something in them, so that their entries are held, too", async () => {
  const { body: group } = await render.call("GET", `/env-groups/${ids.group}`);
  expect(group).toMatchObject({ envVars: [{}], secretFiles: [{}], serviceLinks: [{}] });
  const { body: logs } = await render.call("GET", `/logs?ownerId=${render.ownerId}&resource=${ids.instance}`);
  expect(logs).toMatchObject({ logs: [{}] });
  const { body: blueprint } = await render.call("GET", `/blueprints/${ids.blueprint}`);
  expect(blueprint).toMatchObject({ resources: [{}] });
});

test("a deploy that Render accepts without naming it is one of the answers of the table", async () => {
  render.workspace.faults.change({ deployAccepted: true });
  const path = fillPath(API.startDeploy.path, service.params);
  const { status, body } = await render.call("POST", path, { deployMode: "deploy_only" });
  expect([API.startDeploy.statuses, API.startDeploy.answer.parse(body)]).toEqual([
    expect.arrayContaining([status]),
    undefined,
  ]);
  expect(status).toBe(202);
});

function nameOf(name: string): keyof typeof CALLS {
  return z.custom<keyof typeof CALLS>((value) => typeof value === "string" && value in CALLS).parse(name);
}

function query(sent: unknown): Record<string, string> {
  return z.record(z.string(), z.string()).parse(sent ?? {});
}
