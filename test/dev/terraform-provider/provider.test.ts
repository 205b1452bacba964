import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { API_KEY, OWNER } from "./watched-render.ts";
import { interpolate, redis, Workspace } from "./workspace.ts";

const opened: Workspace[] = [];

async function open(options: Parameters<typeof Workspace.open>[0] = {}): Promise<Workspace> {
  const workspace = await Workspace.open(options);
  opened.push(workspace);
  return workspace;
}

afterEach(async () => {
  for (const workspace of opened.splice(0)) await workspace.close();
});

test("without credentials it says which is missing, where, and how to set it", async () => {
  const terraform = await (await open({ apiKey: "", ownerId: "" })).fresh("missing");
  await terraform.write(redis());
  const { exitCode, output } = await terraform.plan();
  expect(exitCode).toBe(1);
  expect(output).toContain("Missing Render API Key");
  expect(output).toContain("`api_key` is missing or empty. Set it in the provider block, or set RENDER_API_KEY.");
  expect(output).toContain("Missing Render Owner ID");
  expect(output).toContain("RENDER_OWNER_ID");
});

test("the provider block wins, also when it says nothing good", async () => {
  const workspace = await open({ apiKey: "rnd_wrong", ownerId: "tea-other" });
  const terraform = await workspace.fresh("block");
  await terraform.write({ ...redis(), provider: { render: { api_key: API_KEY, owner_id: OWNER } } });
  expect((await terraform.apply()).exitCode).toBe(0);
  expect(workspace.render.lastBody(/^POST/)).toMatchObject({ ownerId: OWNER });
  await terraform.write({ ...redis(), provider: { render: { api_key: "" } } });
  expect((await terraform.plan()).output).toContain("Missing Render API Key");
  const unknown = { terraform_data: { key: { input: "x" } } };
  const { resource } = redis();
  await terraform.write({
    resource: { ...Object(resource), ...unknown },
    provider: { render: { api_key: interpolate("terraform_data.key.output") } },
  });
  expect((await terraform.plan()).output).toContain("`api_key` depends on something that is known only after apply.");
});

test("with a wrong key it shows Render's answer and what to do, never the key", async () => {
  const terraform = await (await open({ apiKey: "rnd_wrong-s3cret" })).fresh("wrong");
  await terraform.write(redis());
  const { exitCode, output } = await terraform.apply();
  expect(exitCode).toBe(1);
  expect(output).toContain("POST /key-value failed: 401: Unauthorized. Set RENDER_API_KEY to a valid key");
  expect(output).not.toContain("s3cret");
});

test("with the API down it says so, and that nothing was created", async () => {
  const port = await freePort();
  const workspace = await open({ host: `http://127.0.0.1:${port}/v1`, deadlineMs: 1_000 });
  const terraform = await workspace.fresh("down");
  await terraform.write(redis());
  const creation = await terraform.apply();
  expect(creation.exitCode).toBe(1);
  expect(creation.output).toContain("POST /key-value failed: no connection (ECONNREFUSED).");
  expect(creation.output).toContain("Error creating service");
  expect(await terraform.state("render_keyvalue")).toBeUndefined();
});

test("an API that stops answering fails a refresh at the deadline and leaves the state as it was", async () => {
  const workspace = await open({ deadlineMs: 500 });
  const terraform = await workspace.fresh("silent");
  await terraform.write(redis());
  await terraform.apply();
  workspace.render.silent = true;
  const { exitCode, output } = await terraform.plan();
  expect(exitCode).toBe(1);
  expect(output).toMatch(/Error reading service.*GET \/key-value\/red-\w+ failed: no answer within 0\.5 s\./);
  workspace.render.silent = false;
  expect((await terraform.plan()).exitCode).toBe(0);
});

test("waits when Render asks it to, also with a creation", async () => {
  const workspace = await open();
  const terraform = await workspace.fresh("limited");
  await terraform.write(redis());
  const limit = { call: /^POST \/key-value$/, status: 429, headers: { "Retry-After": "1" } } as const;
  workspace.render.faults.push(limit, { ...limit });
  expect((await terraform.apply()).output).toContain("1 added");
  expect(workspace.render.takeCalls().filter((call) => call.startsWith("POST"))).toHaveLength(3);
  expect(workspace.render.store.keyValues.all).toHaveLength(1);
});

test("an interrupted Terraform ends the call in flight, and the next run works", async () => {
  const workspace = await open();
  const terraform = await workspace.fresh("interrupt");
  await terraform.write(redis());
  workspace.render.silent = true;
  const running = terraform.start("apply", "-auto-approve");
  while (!workspace.render.takeCalls().includes("POST /key-value")) await delay(20);
  const interrupted = Date.now();
  running.kill("SIGINT");
  const { all, exitCode } = await running;
  expect(Date.now() - interrupted).toBeLessThan(3_000);
  expect(exitCode).toBe(1);
  expect(all.replaceAll(/[│\s]+/g, " ")).toContain("POST /key-value failed: it was stopped.");
  workspace.render.silent = false;
  expect((await terraform.apply()).exitCode).toBe(0);
});

test("serves several runs of Terraform at the same time", async () => {
  const workspace = await open();
  const runs = ["one", "two", "three"].map(async (name) => {
    const terraform = await workspace.fresh(name);
    await terraform.write(redis({ name }));
    return terraform.apply();
  });
  for (const { output } of await Promise.all(runs)) expect(output).toContain("1 added");
  expect(workspace.render.store.keyValues.all.map(({ name }) => name).sort()).toEqual(["one", "three", "two"]);
});

test("reports everything that is wrong with a configuration, with its place", async () => {
  const terraform = await (await open()).fresh("invalid");
  await terraform.write(redis({ plan: "standrad", region: "paris", log_stream_override: { setting: "keep" } }));
  const { exitCode, output } = await terraform.run("validate");
  expect(exitCode).toBe(1);
  expect(output).toContain('got: "standrad". Did you mean "standard"?');
  expect(output).toContain("with render_keyvalue.redis, on main.tf.json line");
  expect(output).toContain('`region` must be one of frankfurt, ohio, oregon, singapore, virginia, got: "paris".');
  expect(output).toContain('`log_stream_override.setting` must be one of send, drop, got: "keep".');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
