import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { fullImagePath } from "../../../../dev/emulator/workspace/service-details.ts";
import { renderInProcess } from "../in-process.ts";

// How Render was recorded to answer, where one would not expect it.

let render: Awaited<ReturnType<typeof renderInProcess>>;
beforeEach(async () => {
  render = await renderInProcess();
});
afterEach(() => render.stop());

async function call(method: string, path: string, sent?: unknown): Promise<unknown> {
  const { status, body } = await render.call(method, path, sent);
  expect(status, JSON.stringify(body)).toBeLessThan(300);
  return body;
}

const shown = z.looseObject({ id: z.string(), updatedAt: z.string(), serviceDetails: z.looseObject({}) });
const IMAGE = { image: { imagePath: "nginx" }, serviceDetails: { runtime: "image", plan: "starter" } };

async function create(type: string, settings: Readonly<Record<string, unknown>> = {}) {
  const name = `a-${type.replaceAll("_", "-")}`;
  const created = await call("POST", "/services", { name, ownerId: render.ownerId, type, ...IMAGE, ...settings });
  return shown.parse(z.object({ service: z.unknown() }).parse(created).service);
}

async function change(id: string, changes: object) {
  return shown.parse(await call("PATCH", `/services/${id}`, changes));
}

const OF_ALL = ["buildPlan", "env", "envSpecificDetails", "plan", "region", "runtime"];
const OF_A_PROCESS = [...OF_ALL, "numInstances", "previews", "pullRequestPreviewsEnabled", "sshAddress"];

test.each([
  ["web_service", [...OF_A_PROCESS, "healthCheckPath", "maintenanceMode", "openPorts", "url"]],
  ["private_service", [...OF_A_PROCESS, "openPorts", "url"]],
  ["background_worker", OF_A_PROCESS],
  ["cron_job", OF_ALL],
])("a %s shows the fields that it has", async (type, names) => {
  const { serviceDetails } = await create(type);
  expect(Object.keys(serviceDetails).sort()).toEqual(names.toSorted());
});

test("a static site has neither region nor plan", async () => {
  const { serviceDetails } = await create("static_site");
  expect(Object.keys(serviceDetails)).toEqual(expect.not.arrayContaining(["region", "plan", "openPorts"]));
});

test.each([
  ["nginx", "docker.io/library/nginx:latest"],
  ["nginx:stable-perl", "docker.io/library/nginx:stable-perl"],
  ["valkey/valkey", "docker.io/valkey/valkey:latest"],
  ["ghcr.io/a/b", "ghcr.io/a/b:latest"],
  ["localhost:5000/a", "localhost:5000/a:latest"],
  ["docker.io/library/nginx@sha256:00", "docker.io/library/nginx@sha256:00"],
])("the image %s is shown as %s", (path, whole) => {
  expect(fullImagePath(path)).toBe(whole);
});

test("the command before a deploy is sent beside the runtime's details, and shown among them; a disk has an id", async () => {
  const disk = { name: "data", mountPath: "/data", sizeGB: 1 };
  const details = { ...IMAGE.serviceDetails, preDeployCommand: "echo hello", disk };
  const created = await create("private_service", { serviceDetails: details });
  expect(created).toMatchObject({ imagePath: "docker.io/library/nginx:latest" });
  expect(created.serviceDetails).toMatchObject({
    disk: { ...disk, id: expect.stringMatching(/^dsk-/) },
    envSpecificDetails: { dockerCommand: "", preDeployCommand: "echo hello" },
  });
  expect(created.serviceDetails).not.toHaveProperty("preDeployCommand");
  const changed = await change(created.id, { serviceDetails: { preDeployCommand: "" } });
  expect(changed.serviceDetails).toMatchObject({ disk: created.serviceDetails.disk });
  expect(changed.serviceDetails.envSpecificDetails).not.toHaveProperty("preDeployCommand");
});

test("pull requests' previews follow the previews", async () => {
  const details = { ...IMAGE.serviceDetails, previews: { generation: "automatic" }, pullRequestPreviewsEnabled: "no" };
  const created = await create("web_service", { serviceDetails: details });
  expect(created.serviceDetails).toMatchObject({ pullRequestPreviewsEnabled: "yes" });
  const { serviceDetails } = await change(created.id, { serviceDetails: { previews: { generation: "manual" } } });
  expect(serviceDetails).toMatchObject({ pullRequestPreviewsEnabled: "no", previews: { generation: "manual" } });
});

test("a change of nothing leaves `updatedAt`; one of the trigger turns automatic deploys off and on", async () => {
  const created = await create("web_service");
  const unchanged = await change(created.id, { name: "a-web-service", ...IMAGE });
  expect(unchanged.updatedAt).toBe(created.updatedAt);
  expect(await change(created.id, { autoDeployTrigger: "off" })).toMatchObject({
    autoDeploy: "no",
    autoDeployTrigger: "off",
  });
  expect(await change(created.id, { autoDeployTrigger: "checksPass" })).toMatchObject({
    autoDeploy: "yes",
    autoDeployTrigger: "checksPass",
  });
});

test("a filter of builds is shown as it was sent, and not where it holds nothing", async () => {
  const none = { paths: null, ignoredPaths: null };
  const { id, ...created } = await create("web_service", { buildFilter: none });
  expect(created).not.toHaveProperty("buildFilter");
  const buildFilter = { paths: ["src/**"], ignoredPaths: ["tests/**"] };
  expect(await change(id, { buildFilter })).toMatchObject({ buildFilter });
  expect(await change(id, { name: "renamed" })).toMatchObject({ buildFilter });
  expect(await change(id, { buildFilter: none })).not.toHaveProperty("buildFilter");
  expect(await create("private_service", { buildFilter })).toMatchObject({ buildFilter });
});

test("an environment says who may connect to what is in it: everybody", async () => {
  const [environment] = render.workspace.store.environments.all;
  expect(await call("GET", `/environments/${environment?.id}`)).toMatchObject({
    ipAllowList: [{ cidrBlock: "0.0.0.0/0", description: "everywhere" }],
  });
});

test("a switch of the runtime keeps repository and branch", async () => {
  const source = { repo: "https://github.com/example/a", branch: "main", image: undefined };
  const { id } = await create("web_service", { ...source, serviceDetails: { runtime: "node" } });
  expect(await change(id, IMAGE)).toMatchObject({
    repo: source.repo,
    branch: "main",
    serviceDetails: { env: "image" },
  });
});

test("a plan by contract is accepted", async () => {
  const created = await call("POST", "/key-value", { name: "large", ownerId: render.ownerId, plan: "Custom_4GB" });
  const { id } = z.object({ id: z.string() }).parse(created);
  expect(await call("GET", `/key-value/${id}`)).toMatchObject({ plan: "Custom_4GB" });
});
