import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { API_KEY, OWNER } from "./watched-render.ts";
import { interpolate, redis, Workspace } from "./workspace.ts";

const GROUP = { resource: { render_env_group: { group: { name: "group", env_vars: { A: { value: "1" } } } } } };

const opened: Workspace[] = [];

async function open(options: Parameters<typeof Workspace.open>[0] = {}): Promise<Workspace> {
  const workspace = await Workspace.open(options);
  opened.push(workspace);
  return workspace;
}

afterEach(async () => {
  for (const workspace of opened.splice(0)) await workspace.close();
});

test("without credentials in the shell it says which is missing, in the words of the real provider", async () => {
  const terraform = await (await open()).fresh("missing", { RENDER_API_KEY: "", RENDER_OWNER_ID: "" });
  await terraform.write(redis());
  const { exitCode, output } = await terraform.plan();
  expect(exitCode).toBe(1);
  expect(output).toContain("Missing Render API Key");
  expect(output).toContain("Set the host value in the configuration or use the RENDER_API_KEY environment variable.");
  expect(output).toContain("Missing Render Owner ID");
  expect(output).toContain(
    "Set the username value in the configuration or use the RENDER_OWNER_ID environment variable.",
  );
});

test("the provider block wins, also when it says nothing good", async () => {
  const workspace = await open();
  const terraform = await workspace.fresh("block", { RENDER_API_KEY: "rnd_wrong", RENDER_OWNER_ID: "tea-other" });
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
  expect((await terraform.plan()).output).toContain("Unknown API Key");
});

test("the key is that of the shell in which Terraform runs: a plan with a wrong one fails, and never shows it", async () => {
  const workspace = await open();
  const right = await workspace.fresh("state");
  await right.write(redis());
  expect((await right.apply()).exitCode).toBe(0);
  const { exitCode, output } = await right.with({ RENDER_API_KEY: "rnd_wrong-s3cret" }).plan();
  expect(exitCode).toBe(1);
  expect(output).toContain("Error reading service");
  expect(output).toContain("Could not read service, unexpected error: Unauthorized");
  expect(output).not.toContain("s3cret");
});

test("with the API down it says so, and that nothing was created", async () => {
  const port = await freePort();
  const workspace = await open();
  const terraform = await workspace.fresh("down", { RENDER_HOST: `http://127.0.0.1:${port}/v1` });
  await terraform.write(redis());
  const creation = await terraform.apply();
  expect(creation.exitCode).toBe(1);
  expect(creation.output).toContain(`dial tcp 127.0.0.1:${port}: connect: connection refused`);
  expect(creation.output).toContain("Error creating service");
  expect(await terraform.state("render_keyvalue")).toBeUndefined();
});

// What the real provider was measured to do, and what its users get.
describe("nothing heals in the provider", () => {
  test.each([
    ["a creation", "render_keyvalue", /^POST \/key-value$/],
    ["a group's creation", "render_env_group", /^POST \/env-groups$/],
  ])("429 fails %s, whose body was read already", async (_, type, call) => {
    const workspace = await open();
    const terraform = await workspace.fresh("limited");
    await terraform.write(type === "render_keyvalue" ? redis() : GROUP);
    workspace.render.faults.push({ call, status: 429, headers: { "Retry-After": "1" } });
    const { exitCode, output } = await terraform.apply();
    expect(exitCode).toBe(1);
    expect(output).toMatch(/Post "http.*": http: ContentLength=\d+ with Body length 0/);
    expect((await terraform.apply()).exitCode).toBe(0);
  });

  test("429 on a read is waited for as long as Render asks, silently", async () => {
    const workspace = await open();
    const terraform = await workspace.fresh("waits");
    await terraform.write(redis());
    await terraform.apply();
    workspace.render.takeCalls();
    workspace.render.faults.push({ call: /^GET \/key-value\/red/, status: 429, headers: { "Retry-After": "2" } });
    const began = performance.now();
    expect((await terraform.plan()).exitCode).toBe(0);
    expect(performance.now() - began).toBeGreaterThan(2_000);
    const reads = workspace.render.takeCalls().filter((call) => call === "GET /key-value/red");
    expect(reads).toHaveLength(2);
  });

  test("500 fails at once, and after the creation leaves an instance that the state does not know", async () => {
    const workspace = await open();
    const terraform = await workspace.fresh("broken");
    await terraform.write(redis());
    workspace.render.faults.push({ call: /connection-info/, status: 500 });
    const { exitCode, output } = await terraform.apply();
    expect(exitCode).toBe(1);
    expect(output).toContain("unable to get keyvalue connection info");
    expect(output).toContain("unexpected status code: 500");
    expect(await terraform.state("render_keyvalue")).toBeUndefined();
    expect(workspace.render.store.keyValues.all).toHaveLength(1);
  });

  test("a connection that breaks after the creation took effect does the same", async () => {
    const workspace = await open();
    const terraform = await workspace.fresh("eof");
    await terraform.write(redis());
    workspace.render.faults.push({ call: /^POST \/key-value$/, status: "broken" });
    const { output } = await terraform.apply();
    expect(output).toMatch(/Error creating service.* Post "http.*\/key-value": EOF/);
    expect(await terraform.state("render_keyvalue")).toBeUndefined();
    expect(workspace.render.store.keyValues.all).toHaveLength(1);
  });

  test("an interruption cancels the call in progress", async () => {
    const workspace = await open();
    const terraform = await workspace.fresh("interrupt");
    await terraform.write(redis());
    workspace.render.silent = true;
    const running = terraform.start("apply", "-auto-approve");
    while (!workspace.render.takeCalls().includes("POST /key-value")) await delay(20);
    running.kill("SIGINT");
    const { all, exitCode } = await running;
    expect(exitCode).toBe(1);
    expect(all.replaceAll(/[│\s]+/g, " ")).toMatch(/Post "http.*\/key-value": context canceled/);
    workspace.render.silent = false;
    expect((await terraform.apply()).exitCode).toBe(0);
  });

  test("an answer with the plan's newer name is inconsistent, and one more instance at each retry", async () => {
    const workspace = await open();
    const terraform = await workspace.fresh("names");
    await terraform.write(redis());
    workspace.render.workspace.faults.change({ newPlanNames: true });
    const { exitCode, output } = await terraform.apply();
    expect(exitCode).toBe(1);
    expect(output).toContain("Provider produced inconsistent result after apply");
    expect((await terraform.plan()).output).toContain("is tainted, so must be replaced");
  });

  test("it sends six requests a second, unless told not to", async () => {
    const names = Array.from({ length: 12 }, (_, index) => [`group${index}`, { name: `group-${index}` }]);
    const groups = { resource: { render_env_group: Object.fromEntries(names) } };
    const took = [];
    for (const limited of [true, false]) {
      const workspace = await open({ limited });
      const terraform = await workspace.fresh("rate");
      await terraform.write(groups);
      const began = performance.now();
      expect((await terraform.apply()).output).toContain("12 added");
      took.push(performance.now() - began);
    }
    expect(took[0]).toBeGreaterThan((1_000 * 11) / 6);
  });
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
  const plans = '["free" "pro" "pro_plus" "standard" "starter"]';
  expect(output).toContain(`Attribute plan value must be one of: ${plans}, got: "standrad"`);
  expect(output).toContain("with render_keyvalue.redis, on main.tf.json line");
  const regions = '["frankfurt" "ohio" "oregon" "singapore" "virginia"]';
  expect(output).toContain(`Attribute region value must be one of: ${regions}, got: "paris"`);
  expect(output).toContain('Attribute log_stream_override.setting value must be one of: ["send" "drop"], got: "keep"');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
