import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { interpolate, REDIS, redis, Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.open();
});
afterAll(() => workspace.close());
afterEach(() => {
  workspace.render.faults.length = 0;
  workspace.render.takeCalls();
});

const READ = ["GET /key-value/red", "GET /key-value/red/connection-info", "GET /logs/streams/resource/red"];

test("creates, is quiet, updates in place, replaces and destroys", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("life");
  await terraform.write(redis());
  expect((await terraform.apply()).output).toContain("1 added, 0 changed, 0 destroyed");
  expect(render.takeCalls()).toEqual(["POST /key-value", "GET /key-value/red/connection-info"]);
  const created = await terraform.state("render_keyvalue");
  expect(created).toMatchObject({ ...REDIS, ip_allow_list: [], persistence_mode: "journal_snapshot" });
  expect(created?.log_stream_override).toBeNull();
  expect(created?.connection_info).toMatchObject({ internal_connection_string: `redis://${created?.id}:6379` });

  expect((await terraform.plan()).exitCode).toBe(0);
  expect(render.takeCalls()).toEqual(READ);

  await terraform.write(redis({ plan: "pro" }));
  const update = await terraform.apply();
  expect(update.output).toContain("0 added, 1 changed, 0 destroyed");
  expect(update.output).toContain('~ persistence_mode = "journal_snapshot" -> (known after apply)');
  expect(update.output).toContain("~ connection_info = (sensitive value)");
  expect(render.takeCalls()).toEqual([...READ, "PATCH /key-value/red", "GET /key-value/red/connection-info"]);
  const updated = await terraform.state("render_keyvalue");
  expect(updated).toEqual({ ...created, plan: "pro" });

  await terraform.write(redis({ plan: "pro", region: "ohio" }));
  const replacement = await terraform.apply();
  expect(replacement.output).toContain('~ region = "oregon" -> "ohio" # forces replacement');
  expect(replacement.output).toContain("1 added, 0 changed, 1 destroyed");
  const replaced = ["DELETE /key-value/red", "POST /key-value", "GET /key-value/red/connection-info"];
  expect(render.takeCalls()).toEqual([...READ, ...replaced]);
  expect((await terraform.state("render_keyvalue"))?.id).not.toBe(created?.id);

  expect((await terraform.apply("-destroy")).output).toContain("0 added, 0 changed, 1 destroyed");
  expect(render.takeCalls()).toEqual([...READ, "DELETE /key-value/red"]);
  expect(render.store.keyValues.all).toEqual([]);
});

test("sends all settings: what is left out is the default, or Render's choice", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("settings");
  const { plan: _, ...unsized } = REDIS;
  await terraform.write({ resource: { render_keyvalue: { redis: unsized } } });
  await terraform.apply();
  expect(render.lastBody(/^POST \/key-value$/)).toEqual({
    name: "cache",
    ownerId: "tea-tests",
    plan: "pro_plus",
    region: "oregon",
    maxmemoryPolicy: "noeviction",
    ipAllowList: [],
  });

  const allowed = [
    { cidr_block: "1.1.1.1/32", description: "one" },
    { cidr_block: "2.0.0.0/8", description: "two" },
  ];
  const override = { setting: "send", endpoint: "logs.example.com:514", token: "s3cret" };
  await terraform.write(
    redis({
      plan: "pro_plus",
      persistence_mode: "snapshot",
      environment_id: "evm-1",
      ip_allow_list: allowed,
      log_stream_override: override,
    }),
  );
  render.takeCalls();
  const update = await terraform.apply();
  expect(update.output).toContain("0 added, 1 changed, 0 destroyed");
  expect(update.output).not.toContain("s3cret");
  expect(render.takeCalls()).toEqual([
    ...READ,
    "PATCH /key-value/red",
    "GET /key-value/red/connection-info",
    "PUT /logs/streams/resource/red",
    "POST /environments/evm-1/resources",
  ]);
  expect(render.lastBody(/^PATCH/)).toEqual({
    name: "cache",
    plan: "pro_plus",
    maxmemoryPolicy: "noeviction",
    persistenceMode: "snapshot",
    ipAllowList: [
      { cidrBlock: "1.1.1.1/32", description: "one" },
      { cidrBlock: "2.0.0.0/8", description: "two" },
    ],
  });
  expect(render.lastBody(/^PUT/)).toEqual(override);
  expect((await terraform.state("render_keyvalue"))?.log_stream_override).toEqual(override);
});

test("an empty endpoint of the log stream is an inconsistent result, every time", async () => {
  const terraform = await workspace.fresh("endpoint");
  await terraform.write(redis({ log_stream_override: { setting: "drop", endpoint: "" } }));
  for (const _time of [1, 2]) {
    const { exitCode, output } = await terraform.apply();
    expect(exitCode).toBe(1);
    expect(output).toContain("Provider produced inconsistent result after apply");
  }
});

test("moves between environments and takes the log stream back, with the calls of the real provider", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("environment");
  await terraform.write(redis({ environment_id: "evm-1", log_stream_override: { setting: "drop" } }));
  await terraform.apply();
  expect(render.takeCalls()).toEqual([
    "POST /key-value",
    "GET /key-value/red/connection-info",
    "PUT /logs/streams/resource/red",
  ]);
  expect(render.lastBody(/^PUT/)).toEqual({ setting: "drop" });
  expect(render.lastBody(/^POST \/key-value$/)).toMatchObject({ environmentId: "evm-1" });
  expect((await terraform.plan()).exitCode).toBe(0);
  render.takeCalls();

  await terraform.write(redis({ environment_id: "evm-2" }));
  await terraform.apply();
  expect(render.takeCalls()).toEqual([
    ...READ,
    "PATCH /key-value/red",
    "GET /key-value/red/connection-info",
    "DELETE /logs/streams/resource/red",
    "DELETE /environments/red/resources?resourceIds=red",
    "POST /environments/evm-2/resources",
  ]);

  await terraform.write(redis());
  expect((await terraform.apply()).output).toContain("0 added, 1 changed, 0 destroyed");
  expect(render.takeCalls().slice(-1)).toEqual(["DELETE /environments/evm-2/resources?resourceIds=red"]);
});

test("an allow list in another order, as Render may send it, is no change", async () => {
  const { keyValues } = workspace.render.store;
  const terraform = await workspace.fresh("order");
  const allowed = ["1.1.1.1/32", "2.2.2.2/32", "3.3.3.3/32"].map((cidr_block) => ({ cidr_block, description: "x" }));
  await terraform.write(redis({ ip_allow_list: allowed }));
  expect((await terraform.apply()).exitCode).toBe(0);
  const instance = keyValues.get(String((await terraform.state("render_keyvalue"))?.id));
  keyValues.note(instance, { ipAllowList: instance.ipAllowList.toReversed() });
  expect((await terraform.plan()).exitCode).toBe(0);
  await terraform.write(redis({ ip_allow_list: allowed.toReversed() }));
  expect((await terraform.plan()).exitCode).toBe(0);
  await terraform.write(redis({ ip_allow_list: [] }));
  expect((await terraform.apply()).output).toContain("0 added, 1 changed, 0 destroyed");
  expect((await terraform.plan()).exitCode).toBe(0);
});

test("an instance that was deleted on Render is planned anew, and its destruction is no error", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("gone");
  await terraform.write(redis());
  await terraform.apply();
  const id = String((await terraform.state("render_keyvalue"))?.id);
  render.store.keyValues.delete(render.store.keyValues.get(id));
  const plan = await terraform.plan();
  expect(plan.exitCode).toBe(2);
  expect(plan.output).toContain("1 to add, 0 to change, 0 to destroy");
  expect((await terraform.apply("-destroy", "-refresh=false")).exitCode).toBe(0);
});

test("a drift on Render is shown and put right", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("drift");
  await terraform.write(redis());
  await terraform.apply();
  const instance = render.store.keyValues.get(String((await terraform.state("render_keyvalue"))?.id));
  render.store.keyValues.update(instance, { maxmemoryPolicy: "allkeys_lru" });
  expect((await terraform.plan()).output).toContain('~ max_memory_policy = "allkeys_lru" -> "noeviction"');
  await terraform.apply();
  expect(instance.maxmemoryPolicy).toBe("noeviction");
});

test("an instance made by hand is imported by its id", async () => {
  const { render } = workspace;
  const source = await workspace.fresh("source");
  await source.write(redis());
  await source.apply();
  const id = String((await source.state("render_keyvalue"))?.id);
  const terraform = await workspace.fresh("import");
  await terraform.write(redis());
  render.takeCalls();
  expect((await terraform.run("import", "render_keyvalue.redis", id)).exitCode).toBe(0);
  expect(render.takeCalls()).toEqual(READ);
  expect((await terraform.plan()).exitCode).toBe(0);
  const missing = await workspace.fresh("import-missing");
  await missing.write(redis());
  const failed = await missing.run("import", "render_keyvalue.redis", "red-0");
  expect(failed.exitCode).toBe(1);
  expect(failed.output).toContain("Cannot import non-existent remote object");
});

test("a failure after the creation leaves nothing in the state, as with the real provider", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("orphan");
  await terraform.write(redis());
  render.faults.push({ call: /connection-info/, status: 403, message: "no access" });
  const { exitCode, output } = await terraform.apply();
  expect(exitCode).toBe(1);
  expect(output).toContain("unable to get keyvalue connection info");
  expect(output).toContain("no access");
  expect(await terraform.state("render_keyvalue")).toBeUndefined();
});

test("a refused update says so in Render's words and keeps the state", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("refused");
  await terraform.write(redis());
  await terraform.apply();
  await terraform.write(redis({ plan: "pro" }));
  render.faults.push({ call: /^PATCH/, status: 400, message: "cannot downgrade a Key Value instance" });
  const { exitCode, output } = await terraform.apply();
  expect(exitCode).toBe(1);
  expect(output).toContain("Error updating keyvalue");
  expect(output).toContain("cannot downgrade a Key Value instance");
  expect((await terraform.state("render_keyvalue"))?.plan).toBe("standard");
  expect((await terraform.apply()).exitCode).toBe(0);
});

test("connection strings are sensitive, and a postcondition may compare them", async () => {
  const terraform = await workspace.fresh("sensitive");
  const url = interpolate("render_keyvalue.redis.connection_info.internal_connection_string");
  await terraform.write({ ...redis(), output: { url: { value: url } } });
  expect((await terraform.plan()).output).toContain("Output refers to sensitive values");

  const postcondition = (expected: string) => ({
    condition: interpolate(`self.connection_info.internal_connection_string == "${expected}"`),
    error_message: "The internal URL is not the one expected.",
  });
  await terraform.write(redis({ lifecycle: { postcondition: [postcondition("redis://elsewhere:6379")] } }));
  expect((await terraform.apply()).output).toContain("The internal URL is not the one expected.");
  await terraform.write({
    ...redis({ lifecycle: { postcondition: [postcondition(`redis://${interpolate("self.id")}:6379`)] } }),
    output: { url: { value: url, sensitive: true } },
  });
  const applied = await terraform.apply();
  expect(applied.exitCode).toBe(0);
  for (const { password } of workspace.render.store.keyValues.all) expect(applied.output).not.toContain(password);
  expect(await terraform.json("output")).toMatchObject({
    url: { sensitive: true, value: expect.stringMatching(/^redis:\/\/red-\w+:6379$/) },
  });
});
