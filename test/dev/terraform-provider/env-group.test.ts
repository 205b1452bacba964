import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Config, interpolate, Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.open();
});
afterAll(() => workspace.close());
afterEach(() => {
  workspace.render.faults.length = 0;
  workspace.render.takeCalls();
});

const entries = z.array(z.record(z.string(), z.string())).transform((all) => {
  return new Set(all.map(({ key, name = key, value, content = value }) => `${name}=${content}`));
});
const sent = z.looseObject({ envVars: entries, secretFiles: entries });

function group(settings: Config = {}, others: Config = {}): Config {
  return {
    resource: {
      render_env_group: { backend: { name: "backend", env_vars: { A: { value: "1" } }, ...settings } },
      ...others,
    },
  };
}

test("creates, is quiet, changes variable by variable, and destroys", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("life");
  await terraform.write(
    group({
      env_vars: {
        A: { value: "1" },
        B: { value: "s3cret" },
        constructor: { value: "c" },
      },
      secret_files: { "a.txt": { content: "one" }, "b.txt": { content: "two" } },
    }),
  );
  const created = await terraform.apply();
  expect(created.output).toContain("1 added");
  expect(created.output).not.toContain("s3cret");
  expect(render.takeCalls()).toEqual(["POST /env-groups"]);
  // In another order each time.
  expect(sent.parse(render.lastBody(/^POST/))).toMatchObject({
    name: "backend",
    ownerId: "tea-tests",
    envVars: new Set(["A=1", "B=s3cret", "constructor=c"]),
    secretFiles: new Set(["a.txt=one", "b.txt=two"]),
  });
  expect((await terraform.plan()).exitCode).toBe(0);
  expect(render.takeCalls()).toEqual(["GET /env-groups/evg"]);

  await terraform.write(
    group({
      name: "renamed",
      environment_id: "evm-1",
      env_vars: { A: { value: "2" }, C: { value: "3" } },
      secret_files: { "a.txt": { content: "new" }, "c.txt": { content: "three" } },
    }),
  );
  const updated = await terraform.apply();
  expect(updated.output).toContain("0 added, 1 changed, 0 destroyed");
  expect(updated.output).toMatch(/~ id = "evg-\w+" -> \(known after apply\)/);
  const calls = render.takeCalls();
  expect([calls[0], ...calls.slice(-2)]).toEqual([
    "GET /env-groups/evg",
    "POST /environments/evm-1/resources",
    "PATCH /env-groups/evg",
  ]);
  expect(calls.slice(1, -2).sort()).toEqual([
    "DELETE /env-groups/evg/env-vars/B",
    "DELETE /env-groups/evg/env-vars/constructor",
    "DELETE /env-groups/evg/secret-files/b.txt",
    "PUT /env-groups/evg/env-vars/A",
    "PUT /env-groups/evg/env-vars/C",
    "PUT /env-groups/evg/secret-files/a.txt",
    "PUT /env-groups/evg/secret-files/c.txt",
  ]);
  expect(render.lastBody(/env-vars\/C$/)).toEqual({ value: "3" });
  expect((await terraform.state("render_env_group"))?.env_vars).toEqual({
    A: { value: "2", generate_value: false },
    C: { value: "3", generate_value: false },
  });

  await terraform.apply("-destroy");
  expect(render.takeCalls().slice(-1)).toEqual(["DELETE /env-groups/evg"]);
  expect(render.store.envGroups.all).toEqual([]);
});

test("a generated value is kept, until any update of the group finds it inconsistent, every time", async () => {
  const terraform = await workspace.fresh("generated");
  const token = { TOKEN: { generate_value: true } };
  await terraform.write(group({ env_vars: token }));
  expect((await terraform.apply()).exitCode).toBe(0);
  expect((await terraform.state("render_env_group"))?.env_vars).toMatchObject({
    TOKEN: { value: expect.stringMatching(/^.{44}$/), generate_value: true },
  });
  expect((await terraform.plan()).exitCode).toBe(0);
  for (const value of ["1", "2"]) {
    await terraform.write(group({ env_vars: { ...token, A: { value } } }));
    const { exitCode, output } = await terraform.apply();
    expect(exitCode).toBe(1);
    expect(output).toContain("Provider produced inconsistent result after apply");
  }
});

test("reads the group again when its name stays, and takes the last variable out", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("last-variable");
  await terraform.write(group());
  await terraform.apply();
  render.takeCalls();
  await terraform.write({ resource: { render_env_group: { backend: { name: "backend" } } } });
  expect((await terraform.apply()).output).toContain("1 changed");
  expect(render.takeCalls()).toEqual([
    "GET /env-groups/evg",
    "DELETE /env-groups/evg/env-vars/A",
    "GET /env-groups/evg",
  ]);
  expect((await terraform.plan()).exitCode).toBe(0);
});

test("a variable without a value and without generation is refused before any call", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("no-value");
  await terraform.write(group({ env_vars: { A: { generate_value: false } } }));
  const { exitCode, output } = await terraform.apply();
  expect(exitCode).toBe(1);
  expect(output).toContain("env var A has no value, either provide a value or set generate_value to true");
  expect(render.takeCalls()).toEqual([]);
});

test("a group that was deleted on Render is planned anew; one made by hand is imported", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("gone");
  await terraform.write(group());
  await terraform.apply();
  render.deleteGroups();
  expect((await terraform.plan()).output).toContain("1 to add, 0 to change, 0 to destroy");
  await terraform.apply();
  const id = String((await terraform.state("render_env_group"))?.id);

  const other = await workspace.fresh("import");
  await other.write(group());
  expect((await other.run("import", "render_env_group.backend", id)).exitCode).toBe(0);
  expect((await other.plan()).exitCode).toBe(0);
});

const GROUP_ID = interpolate("render_env_group.backend.id");

function linked(serviceIds: readonly string[], settings: Config = {}): Config {
  const link = { env_group_id: GROUP_ID, service_ids: serviceIds };
  return group(settings, { render_env_group_link: { backend: link } });
}

test("links services one by one, and unlinks what is no longer named", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("link");
  await terraform.write(linked(["srv-b", "srv-a"]));
  expect((await terraform.apply()).output).toContain("2 added");
  expect(render.takeCalls()).toEqual([
    "POST /env-groups",
    "GET /env-groups/evg",
    "POST /env-groups/evg/services/srv-a",
    "POST /env-groups/evg/services/srv-b",
  ]);
  expect((await terraform.plan()).exitCode).toBe(0);
  expect(render.takeCalls()).toEqual(["GET /env-groups/evg", "GET /env-groups/evg"]);

  await terraform.write(linked(["srv-a", "srv-c"]));
  expect((await terraform.apply()).output).toContain("0 added, 1 changed, 0 destroyed");
  expect(render.takeCalls().slice(2)).toEqual([
    "POST /env-groups/evg/services/srv-c",
    "DELETE /env-groups/evg/services/srv-b",
    "GET /env-groups/evg",
  ]);

  // The group's id is unknown in the plan of its update, so the plan shows a change of the link too; at apply there
  // is none.
  await terraform.write(linked(["srv-a", "srv-c"], { env_vars: { A: { value: "2" } } }));
  const { output } = await terraform.apply();
  expect(output).toContain("0 to add, 2 to change, 0 to destroy");
  expect(output).toContain("0 added, 1 changed, 0 destroyed");
  expect(render.takeCalls().slice(2)).toEqual(["PUT /env-groups/evg/env-vars/A", "GET /env-groups/evg"]);

  await terraform.apply("-destroy");
  expect(render.takeCalls().slice(2)).toEqual([
    "DELETE /env-groups/evg/services/srv-a",
    "DELETE /env-groups/evg/services/srv-c",
    "DELETE /env-groups/evg",
  ]);
});

test("a group that others are linked to is refused, until the link is imported", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("conflict");
  await terraform.write(group());
  await terraform.apply();
  const id = String((await terraform.state("render_env_group"))?.id);
  render.store.envGroups.update(render.store.envGroups.get(id), { serviceIds: ["srv-other"] });
  await terraform.write(linked(["srv-a"]));
  const { exitCode, output } = await terraform.apply();
  expect(exitCode).toBe(1);
  expect(output).toContain(`service link already exists for ${id}`);
  expect(output).toContain("import the existing service link before adding a new service");

  expect((await terraform.run("import", "render_env_group_link.backend", id)).exitCode).toBe(0);
  expect((await terraform.apply()).output).toContain("0 added, 1 changed, 0 destroyed");
  expect(render.store.envGroups.get(id).serviceIds).toEqual(["srv-a"]);
});

test("a link whose group is gone fails every plan and the destruction, until it is removed from the state", async () => {
  const { render } = workspace;
  const terraform = await workspace.fresh("link-gone");
  await terraform.write(linked(["srv-a"]));
  await terraform.apply();
  render.deleteGroups();
  const { exitCode, output } = await terraform.plan();
  expect(exitCode).toBe(1);
  expect(output).toContain("unable to get environment group");
  expect(output).toContain("unexpected status: 404 Not Found");
  expect((await terraform.apply("-destroy")).exitCode).toBe(1);
  expect((await terraform.run("state rm", "render_env_group_link.backend")).exitCode).toBe(0);
  expect((await terraform.apply()).output).toContain("2 added");
});
