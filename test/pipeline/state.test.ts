import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { State } from "../../environments/state.ts";
import { API } from "../../render/api/endpoints.ts";
import { findPostgres, Postgres } from "./postgres.ts";
import { Project } from "./project.ts";
import { StateServer } from "./state-server.ts";

const STATE: State = { type: "pg", schemaName: "staging" };
const programs = findPostgres();
const startApply = (project: Project) =>
  project.start(process.execPath, ["render-redis.mjs", "apply", "staging", ...project.approval("staging")]);

// Where PostgreSQL is missing these are skipped, and counted as skipped: install Debian's package "postgresql".
describe.skipIf(programs === undefined)("state in PostgreSQL", () => {
  let project: Project;
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await Postgres.start(programs ?? "");
    project = await Project.start({ PG_CONN_STR: postgres.connectionString });
  });
  afterAll(async () => {
    await project?.stop();
    await postgres?.stop();
  });

  const instances = () => project.client.list(API.listKeyValues, {});
  const isApplying = () => expect.poll(async () => (await instances()).length, { timeout: 300_000, interval: 20 });

  test("moving there from a local file is one command", async () => {
    expect((await project.plan("staging")).exitCode).toBe(2);
    const applied = await project.apply("staging");
    expect(applied.exitCode, applied.output).toBe(0);

    project.describe({}, { state: STATE });
    const lost = await project.plan("staging");
    expect(lost.exitCode).toBe(1);
    const move = "terraform -chdir=cdktf.out/stacks/staging init -migrate-state";
    expect(lost.output).toContain(move);
    const documented = readFileSync(join(import.meta.dirname, "../../docs/state.md"), "utf8");
    expect(documented).toContain(move.replace("staging", "production"));

    const moved = await project.run("bash", ["-c", `${move} -force-copy`]);
    expect(moved.exitCode, moved.output).toBe(0);
    expect((await project.plan("staging")).exitCode).toBe(0);
  });

  test("of two applies at once one is applied, the other refused, and nothing is lost", async () => {
    const other = project.checkOut();
    const change = { state: STATE, backend: { name: "connect-yw-backend", env: { ENABLE_QUEUES: "true", A: "1" } } };
    for (const person of [project, other]) {
      person.describe({}, change);
      expect((await person.plan("staging")).exitCode).toBe(2);
    }
    const outcomes = await Promise.all([project.apply("staging"), other.apply("staging")]);
    expect(outcomes.map(({ exitCode }) => exitCode).toSorted()).toEqual([0, 1]);
    const refused = outcomes.find(({ exitCode }) => exitCode === 1);
    expect(refused?.output).toContain("it is stale: something else was applied since it was made");

    expect(await instances()).toHaveLength(1);
    for (const person of [project, other]) expect((await person.plan("staging")).exitCode).toBe(0);
    other.remove();
  });

  test("killed in the middle of an apply, the state is unlocked, and the next plan heals it", async () => {
    project.describe({ name: "another" }, { state: STATE });
    await project.plan("staging", "--destroy");
    const acks = ["--ack", "data-loss:render_keyvalue.redis"];
    const destroyed = await project.apply("staging", ...acks);
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect((await project.plan("staging")).exitCode).toBe(2);
    await project.control.setFaults({ stuckCreating: true });
    const running = startApply(project);
    await isApplying().toBe(1);
    // The whole machine goes: the command, and Terraform with it.
    const terraform = childrenOf(running.pid ?? 0);
    expect(terraform.length).toBeGreaterThan(0);
    for (const pid of [running.pid ?? 0, ...terraform]) process.kill(pid, "SIGKILL");
    await running;
    await project.control.clearFaults();

    // PostgreSQL's lock goes with the connection. Terraform had not noted the instance yet: it writes every 20 seconds.
    const plan = await project.plan("staging");
    expect(plan.exitCode, plan.output).toBe(3);
    const takeOver = /terraform -chdir=\S+ import \S+ red-\w+/.exec(plan.output)?.[0] ?? "";
    const taken = await project.run("bash", ["-c", takeOver]);
    expect(taken.exitCode, taken.output).toBe(0);
    expect((await project.plan("staging")).exitCode).toBe(2);
    const healed = await project.apply("staging");
    expect(healed.exitCode, healed.output).toBe(0);
    expect((await project.plan("staging")).exitCode).toBe(0);
    expect(await instances()).toHaveLength(1);
  });

  test("the database's password is in nothing that was printed, planned in text, or recorded", () => {
    const files = readdirSync(join(project.path, ".plans"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    for (const text of [...project.transcript, ...files]) expect(text).not.toContain(postgres.password);
  });
});

test("a lock that nobody holds any more is told with its id, and taken off by it", async () => {
  const state = await StateServer.start();
  const project = await Project.start({ TF_CLI_ARGS_init: "-no-color" });
  const { address } = state;
  project.describe({}, { state: { type: "http", address, lockAddress: address, unlockAddress: address } });
  expect((await project.plan("staging")).exitCode).toBe(2);
  await project.control.setFaults({ stuckCreating: true });
  const running = startApply(project);
  await expect
    .poll(async () => (await project.client.list(API.listKeyValues, {})).length, { timeout: 300_000 })
    .toBe(1);
  for (const pid of [running.pid ?? 0, ...childrenOf(running.pid ?? 0)]) process.kill(pid, "SIGKILL");
  await running;
  await project.control.clearFaults();

  const terraform = (command: string) =>
    project.run("bash", ["-c", `terraform -chdir=cdktf.out/stacks/staging ${command}`]);
  const locked = await terraform("plan -no-color -input=false -lock-timeout=0s");
  expect(locked.output).toContain("Error acquiring the state lock");
  const id = /ID:\s+([0-9a-f-]{36})/.exec(locked.output)?.[1];
  expect((await terraform(`force-unlock -force ${id}`)).exitCode).toBe(0);

  const left = await project.plan("staging");
  expect(left.exitCode, left.output).toBe(3);
  expect(left.output).toContain("an apply that was killed, or got no answer, left it behind");
  await project.stop();
  state.stop();
});

/** Every process that a process started, and what those started. */
function childrenOf(pid: number): number[] {
  const { stdout } = execaSync("ps", ["-o", "pid=", "--ppid", String(pid)], { reject: false });
  const children = stdout.split("\n").flatMap((line) => (line.trim() === "" ? [] : [Number(line)]));
  return children.flatMap((child) => [child, ...childrenOf(child)]);
}
