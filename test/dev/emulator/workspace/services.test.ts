import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { at, TestRender, until } from "../harness.ts";

let render: TestRender;
beforeAll(async () => {
  // Long enough for each phase of a deploy to be seen, also on a busy machine.
  render = await TestRender.start({ creationDelayMs: 60 });
});
afterAll(() => render.stop());

const deployList = z.array(z.object({ deploy: z.looseObject({ id: z.string(), status: z.string() }) }));

/** A service that answers with its GREETING. */
const SERVER = `exec node -e 'require("http").createServer((q, s) => s.end(process.env.GREETING || "none")).listen(process.env.PORT, () => console.log("ready"))'`;

async function newService(
  startCommand: string,
  settings: Record<string, unknown> = {},
): Promise<{ id: string; url: string }> {
  const { status, body } = await render.call("POST", "/services", {
    name: `service-${Math.random().toString(36).slice(2)}`,
    ownerId: render.render.ownerId,
    type: "web_service",
    serviceDetails: { envSpecificDetails: { startCommand }, ...settings },
  });
  expect(status).toBe(201);
  const id = at(body, "service.id");
  await until(async () => (await deploys(id)).every((deploy) => ["live", "update_failed"].includes(deploy.status)));
  return { id, url: at(body, "service.serviceDetails.url") };
}

async function deploys(id: string) {
  const { body } = await render.call("GET", `/services/${id}/deploys`);
  return deployList.parse(body).map((entry) => entry.deploy);
}

const greeting = async (url: string) => (await fetch(url, { headers: { connection: "close" } })).text();

describe("one-off jobs", () => {
  test("run the command with what the service is configured with; output and status are kept", async () => {
    const { status, output } = await render.job("echo one; echo two >&2; echo $NODE_ENV; echo key:$RENDER_API_KEY");
    expect(status).toBe("succeeded");
    expect(output.toSorted()).toEqual(["key:", "one", "production", "two"]);
  });

  test("a command that fails, fails the job", async () => {
    expect(await render.job("echo no; exit 3")).toEqual({ status: "failed", output: ["no"] });
  });

  test("a running job can be canceled, once", async () => {
    const path = `/services/${render.render.backendServiceId}/jobs`;
    const id = at((await render.call("POST", path, { startCommand: "sleep 60" })).body, "id");
    await until(async () => at((await render.call("GET", `${path}/${id}`)).body, "status") === "running");
    expect(at((await render.call("POST", `${path}/${id}/cancel`)).body, "status")).toBe("canceled");
    expect((await render.call("POST", `${path}/${id}/cancel`)).status).toBe(409);
    expect((await render.call("GET", `${path}?status=canceled`)).body).toMatchObject([{ job: { id } }]);
  });

  test("are refused without a command, and for a service that is not there", async () => {
    expect((await render.call("POST", `/services/${render.render.backendServiceId}/jobs`, {})).status).toBe(400);
    expect((await render.call("POST", "/services/srv-none/jobs", { startCommand: "true" })).status).toBe(404);
  });
});

test("logs go page by page in either direction, and are filtered", async () => {
  const id = at(
    (await render.call("POST", `/services/${render.render.backendServiceId}/jobs`, { startCommand: "seq 5" })).body,
    "id",
  );
  await until(async () => (await render.output(id)).length === 5);
  const logs = z.object({
    hasMore: z.boolean(),
    nextStartTime: z.string(),
    nextEndTime: z.string(),
    logs: z.array(z.looseObject({ message: z.string() })),
  });
  const read = async (query: string) => {
    return logs.parse(
      (await render.call("GET", `/logs?ownerId=${render.render.ownerId}&resource=${id}&${query}`)).body,
    );
  };
  const messages = ({ logs: lines }: z.infer<typeof logs>) => lines.map((line) => line.message);
  const first = await read("limit=2");
  expect([messages(first), first.hasMore]).toEqual([["5", "4"], true]);
  const second = await read(`limit=3&startTime=${first.nextStartTime}&endTime=${first.nextEndTime}`);
  expect([messages(second), second.hasMore]).toEqual([["3", "2", "1"], false]);
  const forward = await read("direction=forward&limit=4");
  const rest = await read(`direction=forward&startTime=${forward.nextStartTime}&endTime=${forward.nextEndTime}`);
  expect([messages(forward), messages(rest)]).toEqual([["1", "2", "3", "4"], ["5"]]);
  expect(messages(await read("text=4"))).toEqual(["4"]);
  expect((await render.call("GET", `/logs?resource=${id}`)).status).toBe(400);
  expect((await render.call("GET", `/logs?ownerId=${render.render.ownerId}`)).status).toBe(400);
});

describe("deploys", () => {
  test("a service without a process goes through the statuses; the one before is deactivated", async () => {
    const { backendServiceId } = render.render;
    const [before] = await deploys(backendServiceId);
    const created = await render.call("POST", `/services/${backendServiceId}/deploys`, {});
    expect([created.status, created.body]).toMatchObject([201, { trigger: "api", finishedAt: null }]);
    const id = at(created.body, "id");
    const seen = new Set<string>();
    await until(async () => {
      const status = at((await render.call("GET", `/services/${backendServiceId}/deploys/${id}`)).body, "status");
      return seen.add(status) && status === "live";
    });
    expect([...seen]).toContain("build_in_progress");
    const list = await deploys(backendServiceId);
    expect(list[0]?.id).toBe(id);
    expect(list.find((deploy) => deploy.id === before?.id)?.status).toBe("deactivated");
  });

  test("variables reach a process only with a deploy, and the service's own win over a group's", async () => {
    const { id, url } = await newService(SERVER, { healthCheckPath: "/" });
    const group = await render.call("POST", "/env-groups", {
      name: "greetings",
      ownerId: render.render.ownerId,
      envVars: [{ key: "GREETING", value: "from the group" }],
    });
    expect(await greeting(url)).toBe("none");
    await render.call("POST", `/env-groups/${at(group.body, "id")}/services/${id}`);
    await render.call("POST", `/services/${id}/restart`);
    expect(await greeting(url)).toBe("none");
    expect(await render.deploy(id)).toBe("live");
    expect(await greeting(url)).toBe("from the group");
    await render.call("PUT", `/services/${id}/env-vars/GREETING`, { value: "its own" });
    expect(await greeting(url)).toBe("from the group");
    // A job has what the service is configured with, deployed or not.
    expect((await render.job("echo $GREETING", id)).output).toEqual(["its own"]);
    expect(await render.deploy(id)).toBe("live");
    expect(await greeting(url)).toBe("its own");
  });

  test.each([
    ["exits early", "exit 1"],
    ["never becomes healthy, and exits", "sleep 0.2"],
  ])("a process that %s fails the deploy, and the one before goes on", async (_, broken) => {
    const { id, url } = await newService(SERVER);
    const details = { envSpecificDetails: { startCommand: broken } };
    await render.call("PATCH", `/services/${id}`, { serviceDetails: details });
    expect(await render.deploy(id)).toBe("update_failed");
    expect(await greeting(url)).toBe("none");
    expect((await deploys(id)).map((deploy) => deploy.status)).toEqual(["update_failed", "live"]);
  });

  test("a port that somebody else takes before the process has it does not fail the deploy", async () => {
    const directory = mkdtempSync(join(tmpdir(), "render-port-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    // The thief has its first port for a while, and outlives the process.
    const thief = `require("net").createServer().listen(process.env.PORT, "127.0.0.1", () => require("fs").mkdirSync("${directory}/2"))`;
    const robbed = `mkdir ${directory}/1 && { setsid node -e '${thief}; setTimeout(process.exit, 3000)' & until [ -d ${directory}/2 ]; do sleep 0.05; done; exit 1; }`;
    const { id, url } = await newService(`${robbed}; ${SERVER}`, { healthCheckPath: "/" });
    expect(await deploys(id)).toMatchObject([{ status: "live" }]);
    expect(await greeting(url)).toBe("none");
  });

  test("fail or are answered with 202 when told to", async () => {
    const { backendServiceId } = render.render;
    await render.control.setFaults({ deployFailure: "update_failed" });
    expect(await render.deploy()).toBe("update_failed");
    await render.control.setFaults({ deployFailure: null, deployAccepted: true });
    const [before] = await deploys(backendServiceId);
    const accepted = await render.call("POST", `/services/${backendServiceId}/deploys`, {});
    expect([accepted.status, accepted.body]).toEqual([202, undefined]);
    expect((await deploys(backendServiceId))[0]?.id).toBe(before?.id);
    await until(async () => {
      const [newest] = await deploys(backendServiceId);
      return newest?.id !== before?.id && newest?.status === "live";
    });
    await render.control.clearFaults();
  });

  test("one at a time: the next cancels the one in progress, and goes live", async () => {
    const path = `/services/${render.render.backendServiceId}/deploys`;
    const first = at((await render.call("POST", path, {})).body, "id");
    const second = await render.call("POST", path, {});
    expect(at(second.body, "status")).toBe("created");
    expect(at((await render.call("GET", `${path}/${first}`)).body, "status")).toBe("canceled");
    await until(
      async () => at((await render.call("GET", `${path}/${at(second.body, "id")}`)).body, "status") === "live",
    );
  });

  test("one at a time, when told to wait: the next is queued, and can be canceled", async () => {
    await render.control.setFaults({ overlappingDeploys: "wait" });
    const path = `/services/${render.render.backendServiceId}/deploys`;
    const first = at((await render.call("POST", path, {})).body, "id");
    const second = await render.call("POST", path, {});
    expect(at(second.body, "status")).toBe("queued");
    expect(at((await render.call("POST", `${path}/${at(second.body, "id")}/cancel`)).body, "status")).toBe("canceled");
    await until(async () => at((await render.call("GET", `${path}/${first}`)).body, "status") === "live");
    expect((await render.call("POST", `${path}/${first}/cancel`)).status).toBe(409);
    await render.control.clearFaults();
  });

  test("are refused with a mode and a commit together, and for a suspended service", async () => {
    const { id } = await newService("");
    const both = { deployMode: "deploy_only", commitId: "abc" };
    expect((await render.call("POST", `/services/${id}/deploys`, both)).status).toBe(400);
    expect((await render.call("POST", `/services/${id}/suspend`)).status).toBe(202);
    expect((await render.call("POST", `/services/${id}/deploys`, {})).status).toBe(400);
    expect(at((await render.call("GET", `/services/${id}`)).body, "suspended")).toBe("suspended");
  });
});

describe("a running service", () => {
  test("is started again when it crashes, and answers 502 while nothing runs", async () => {
    const crashing = SERVER.replace("s.end(", "q.url === '/crash' ? process.exit(1) : s.end(").replaceAll(
      "'/crash'",
      '"/crash"',
    );
    const { id, url } = await newService(crashing);
    await fetch(`${url}/crash`).catch(() => {});
    // A call that is under way at the crash is cut off.
    const status = () =>
      fetch(url, { headers: { connection: "close" } })
        .then((answer) => answer.status)
        .catch(() => 0);
    await until(async () => (await status()) === 502);
    await until(async () => (await status()) === 200);
    await render.call("DELETE", `/services/${id}`);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("comes back with the same address after a restart of the whole", async () => {
    const first = await TestRender.start();
    const created = await first.call("POST", "/services", {
      name: "s",
      ownerId: first.render.ownerId,
      type: "web_service",
      serviceDetails: { envSpecificDetails: { startCommand: SERVER } },
      envVars: [{ key: "GREETING", value: "hello" }],
    });
    const url = at(created.body, "service.serviceDetails.url");
    await until(async () => (await fetch(url)).status === 200);
    await until(async () => {
      const path = `/services/${at(created.body, "service.id")}/deploys`;
      return deployList.parse((await first.call("GET", path)).body)[0]?.deploy.status === "live";
    });
    await first.render.stop();
    const second = await TestRender.start({ directory: first.render.directory });
    await until(async () => (await fetch(url)).status === 200);
    expect(await greeting(url)).toBe("hello");
    await second.stop();
  });
});

test("the calls of the real provider for a web service are answered as it reads them", async () => {
  const { id } = await newService("");
  const path = `/services/${id}`;
  await render.call("PUT", `${path}/env-vars`, [{ key: "A", value: "1" }]);
  const [entry] = z
    .array(z.looseObject({ cursor: z.string() }))
    .parse((await render.call("GET", `${path}/env-vars`)).body);
  expect((await render.call("GET", `${path}/env-vars?cursor=${entry?.cursor}`)).body).toEqual([]);
  // What `env_vars` left out does: the provider sends `null`, and Render wipes them.
  const wiped = await fetch(`${render.render.host}${path}/env-vars`, {
    method: "PUT",
    headers: { authorization: `Bearer ${render.render.apiKey}`, "content-type": "application/json" },
    body: "null",
  });
  expect(await wiped.json()).toEqual([]);
  expect((await render.call("GET", `/logs/streams/resource/${id}`)).status).toBe(404);
  expect((await render.call("POST", `${path}/scale`, { numInstances: 2 })).status).toBe(202);
  expect((await render.call("GET", path)).body).toMatchObject({
    type: "web_service",
    suspended: "not_suspended",
    suspenders: [],
    serviceDetails: { numInstances: 2, previews: { generation: "off" }, maintenanceMode: { enabled: false, uri: "" } },
  });
  expect((await render.call("DELETE", path)).status).toBe(204);
  expect((await render.call("DELETE", path)).status).toBe(404);
});
