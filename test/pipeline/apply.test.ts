import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RENDER_API } from "../../dev/emulator/api/endpoints.ts";
import { local } from "../../environments/local.ts";
import { deploymentRecordSchema } from "../../pipeline/deployment-record.ts";
import { API } from "../../render/api/endpoints.ts";
import { Project } from "./project.ts";

const LOSS = "data-loss:render_keyvalue.redis";

let project: Project;
beforeAll(async () => {
  project = await Project.start();
});
afterAll(() => project.stop());

const file = (name: string) => join(project.path, ".plans/staging", name);

function records() {
  const directory = file("deployments");
  return readdirSync(directory)
    .sort()
    .map((name) => deploymentRecordSchema.parse(JSON.parse(readFileSync(join(directory, name), "utf8"))));
}

function instances() {
  return project.client.list(API.listKeyValues, {});
}

// One life, told in order: each test begins where the one before it ended.
describe("plan and apply", () => {
  test("a mistake in any environment's file is told in one line", async () => {
    const path = join(project.path, "environments/local.ts");
    const text = readFileSync(path);
    writeFileSync(path, "export const local = {{{ nope;\n");
    const outcomes = [await project.plan("staging"), await project.apply("staging")];
    writeFileSync(path, text);
    for (const { output } of outcomes) expect(output).toMatch(/^environments\/local\.ts:1:22 cannot be read: [^\n]*$/);
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([1, 2]);
  });

  test("nothing is applied that was not planned", async () => {
    const { exitCode, output } = await project.apply("staging");
    expect(exitCode).toBe(1);
    expect(output).toContain('There is no saved plan for "staging". Make one with: npm run plan -- staging');
  });

  test("a plan with changes exits 2, and lies where only its owner can read it", async () => {
    const { exitCode, output } = await project.plan("staging", "--report", "table", "--report", "json=review.json");
    expect(output).toMatch(/staging: changes – .*\+\$10 a month/);
    expect(exitCode).toBe(2);
    expect(statSync(file("plan.tfplan")).mode & 0o777).toBe(0o600);
    expect(statSync(file("review.json")).mode & 0o777).toBe(0o600);
    expect(readdirSync(file(".")).sort()).toEqual(["fingerprints", "plan.tfplan", "review.json"]);
    expect(JSON.parse(readFileSync(join(project.path, "review.json"), "utf8"))).toMatchObject({
      schemaVersion: 1,
      verdict: "changes",
      exitCode: 2,
      reviews: [{ environment: "staging", fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
  });

  test("the same plan again has the same fingerprint", async () => {
    const { fingerprint } = project.savedReview("staging");
    await project.plan("staging");
    expect(project.savedReview("staging")).toMatchObject({ fingerprint, secretsByName: true });
  });

  test("without an approval nothing is applied where nobody can be asked", async () => {
    const { fingerprint } = project.savedReview("staging");
    const { exitCode, output } = await project.run(process.execPath, ["render-redis.mjs", "apply", "staging"]);
    expect(exitCode).toBe(3);
    expect(output).toMatch(/staging: changes – [\s\S]*Nothing was applied: nobody approved this plan/);
    expect(output).toContain(`fingerprint ${fingerprint}`);
  });

  test("the reviewed plan is applied, the checks prove it, and who did it is recorded", async () => {
    const { fingerprint = "" } = project.savedReview("staging");
    const { exitCode, output } = await project.apply("staging", "--fingerprint", fingerprint);
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/ping .*PONG/);
    expect(output).toContain("null_resource.redis_checks passed");
    expect(records()).toMatchObject([
      {
        environment: "staging",
        fingerprint,
        outcome: "applied",
        by: expect.stringMatching(/./),
        acknowledged: [],
        failed: [],
        checks: expect.arrayContaining([
          {
            address: "null_resource.redis_checks",
            result: "passed",
            output: expect.arrayContaining([expect.stringMatching(/PONG/)]),
          },
        ]),
      },
    ]);
    expect(records()[0]?.done).toContain("render_keyvalue.redis");
    // It holds secrets, and has done its work.
    expect(readdirSync(file("."))).toEqual(["deployments", "fingerprints"]);
  });

  test("nothing to do exits 0, and applying that does nothing", async () => {
    expect((await project.plan("staging")).exitCode).toBe(0);
    const { exitCode, output } = await project.apply("staging");
    expect(exitCode).toBe(0);
    expect(output).toContain("nothing to apply");
    expect(records()).toHaveLength(1);
  });

  test("a loss of data exits 3, and waits for an acknowledgement by name", async () => {
    project.describe({ persistence: "off" });
    expect((await project.plan("staging")).exitCode).toBe(3);
    const { exitCode, output } = await project.apply("staging");
    expect(exitCode).toBe(3);
    expect(output).toContain(`Nothing was applied: ${LOSS} must be acknowledged.`);
    expect(records()).toHaveLength(1);
  });

  test.each([
    ["data-loss:render_keyvalu.redis", `Did you mean "${LOSS}"?`],
    ["restart:render_keyvalue.redis", `This plan needs ${LOSS}.`],
    ["", `This plan needs ${LOSS}.`],
  ])("the acknowledgement %o is a mistake, not consent", async (token, hint) => {
    const { exitCode, output } = await project.apply("staging", "--ack", LOSS, "--ack", token);
    expect(exitCode).toBe(2);
    expect(output).toContain("acknowledges nothing in this plan");
    expect(output).toContain(hint);
  });

  test("a plan whose fingerprint is not the approved one is refused", async () => {
    const { exitCode, output } = await project.apply("staging", "--ack", LOSS, "--fingerprint", "0".repeat(64));
    expect(exitCode).toBe(1);
    expect(output).toContain(`and ${"0".repeat(64)} was approved`);
  });

  test("a plan altered by one byte is refused, wherever the byte is", async () => {
    const original = readFileSync(file("plan.tfplan"));
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      const altered = Buffer.from(original);
      const place = Math.floor(share * (original.length - 1));
      altered[place] = (altered[place] ?? 0) ^ 1;
      writeFileSync(file("plan.tfplan"), altered);
      const { exitCode, output } = await project.apply("staging", "--ack", LOSS);
      expect(exitCode).toBe(1);
      expect(output).toContain("its file is not the one that was reviewed");
    }
    writeFileSync(file("plan.tfplan"), original);
  });

  test("what somebody changes in the review that was saved changes nothing", async () => {
    const original = readFileSync(file("review.json"), "utf8");
    writeFileSync(file("review.json"), original.replaceAll('"acknowledge": true', '"acknowledge": false'));
    expect((await project.apply("staging")).exitCode).toBe(3);
    writeFileSync(file("review.json"), original.replace('"needs acknowledgement"', '"no changes"'));
    const { exitCode, output } = await project.apply("staging");
    writeFileSync(file("review.json"), original);
    expect(exitCode).toBe(3);
    expect(output).toContain(`Nothing was applied: ${LOSS} must be acknowledged.`);
  });

  test("a plan for another environment is refused", async () => {
    mkdirSync(join(project.path, ".plans/local"), { recursive: true });
    for (const name of ["plan.tfplan", "review.json"]) {
      copyFileSync(file(name), join(project.path, ".plans/local", name));
    }
    const { exitCode, output } = await project.apply("local", "--ack", LOSS);
    expect(exitCode).toBe(1);
    expect(output).toContain('The saved plan for "local" is refused: it was made for "staging"');
  });

  test("a plan of what the environment file no longer says is refused", async () => {
    project.describe({ persistence: "snapshot" });
    const { exitCode, output } = await project.apply("staging", "--ack", LOSS);
    project.describe({ persistence: "off" });
    expect(exitCode).toBe(1);
    expect(output).toContain(
      "by now the environment is described differently: locals.redis (persistence), render_keyvalue.redis (persistence_mode)",
    );
  });

  test("nothing that was refused has changed anything", async () => {
    expect(await instances()).toMatchObject([{ options: { persistenceMode: "journal_snapshot" } }]);
    expect(records()).toHaveLength(1);
  });

  test("an acknowledged loss is applied, and the acknowledgement recorded", async () => {
    const { exitCode, output } = await project.apply("staging", "--ack", LOSS);
    expect(exitCode, output).toBe(0);
    expect(records().at(-1)).toMatchObject({ outcome: "applied", acknowledged: [LOSS] });
    expect(await instances()).toMatchObject([{ options: { persistenceMode: "off" } }]);
  });

  test("an allow list that is longer than a variable may be is applied, and proven", async () => {
    // Few and long: Terraform takes 20 s for 3,000.
    const ranges = Array.from({ length: 900 }, (_, index) => ({
      cidrBlock: `10.${index >> 8}.${index & 255}.0/24`,
      description: "the network of a pipeline's runner ".repeat(4),
    }));
    const own = { cidrBlock: "127.0.0.1/32", description: "this machine" };
    project.describe({ persistence: "off", ipAllowList: [own, ...ranges] });
    await project.plan("staging");
    const { exitCode, output } = await project.apply("staging");
    expect(exitCode, output).toBe(0);
    expect((await instances())[0]?.ipAllowList).toHaveLength(901);
  });

  test("a plan made before another apply is refused as stale", async () => {
    project.describe({ persistence: "off", plan: "standard" });
    await project.plan("staging");
    for (const name of ["plan.tfplan", "review.json"]) copyFileSync(file(name), file(`old-${name}`));
    expect((await project.apply("staging", "--ack", LOSS)).exitCode).toBe(0);
    for (const name of ["plan.tfplan", "review.json"]) copyFileSync(file(`old-${name}`), file(name));
    const { exitCode, output } = await project.apply("staging", "--ack", LOSS);
    expect(exitCode).toBe(1);
    expect(output).toContain("it is stale: something else was applied since it was made");
    expect(records().at(-1)).toMatchObject({ outcome: "refused" });
  });

  test("drift is told in the words of a review, and nothing is saved", async () => {
    const [instance] = await instances();
    expect(instance).toBeDefined();
    const before = readdirSync(file("."));
    await project.client.call(
      RENDER_API.updateKeyValue,
      { id: instance?.id ?? "" },
      { maxmemoryPolicy: "allkeys_lru" },
    );
    const { exitCode, output } = await project.plan("staging", "--refresh-only");
    expect(exitCode).toBe(2);
    expect(output).toContain("staging: changed outside Terraform – behaviour");
    expect(output).toContain("max_memory_policy: noeviction → allkeys_lru");
    expect(readdirSync(file("."))).toEqual(before);
    await project.client.call(RENDER_API.updateKeyValue, { id: instance?.id ?? "" }, { maxmemoryPolicy: "noeviction" });
  });

  test("checks that fail fail the apply; the record and the next plan say where things stand", async () => {
    const [instance] = await instances();
    const office = { cidrBlock: "192.0.2.7/32", description: "office" };
    const ipAllowList = [{ cidrBlock: "127.0.0.1/32", description: "this machine" }, office];
    project.describe({ persistence: "off", plan: "standard", ipAllowList });
    await project.plan("staging");
    const apply = project.apply("staging");
    // The API shows the policy that was asked for, and the server runs with another.
    await expect
      .poll(async () => (await instances())[0]?.ipAllowList.length, { timeout: 300_000, interval: 10 })
      .toBe(2);
    await project.control.act("policy", instance?.id ?? "", "allkeys-lru");
    const { exitCode, output } = await apply;
    expect(exitCode, output).toBe(1);
    expect(records().at(-1)).toMatchObject({
      outcome: "failed",
      checks: expect.arrayContaining([
        expect.objectContaining({ address: "null_resource.redis_checks", result: "failed" }),
      ]),
      failed: [{ address: "null_resource.redis_checks" }],
    });

    await project.control.act("policy", instance?.id ?? "", "noeviction");
    const plan = await project.plan("staging");
    expect(plan.exitCode).toBe(2);
    expect(plan.output).toContain("It is marked as tainted: an earlier apply failed after creating it.");
    expect((await project.apply("staging")).exitCode).toBe(0);
    expect((await project.plan("staging")).exitCode).toBe(0);
  }, 300_000);

  test("an interrupted apply finishes what is under way, is recorded, and the next plan heals it", async () => {
    project.describe({ persistence: "off", plan: "pro" });
    await project.plan("staging");
    await project.control.setFaults({ stuckCreating: true });
    const running = project.start(process.execPath, [
      "render-redis.mjs",
      "apply",
      "staging",
      "--ack",
      LOSS,
      ...project.approval("staging"),
    ]);
    await expect.poll(async () => (await instances())[0]?.plan, { timeout: 300_000, interval: 20 }).toBe("pro");
    running.kill("SIGINT");
    const { exitCode } = await running;
    await project.control.clearFaults();
    expect(exitCode).toBe(1);
    expect(records().at(-1)).toMatchObject({ outcome: "interrupted" });
    expect(records().at(-1)?.done).toContain("render_keyvalue.redis");

    const plan = await project.plan("staging");
    expect(plan.exitCode).toBe(2);
    expect(plan.output).not.toContain("Restart");
    const healed = await project.apply("staging");
    expect(healed.exitCode, healed.output).toBe(0);
    expect((await project.plan("staging")).exitCode).toBe(0);
  });

  test("an apply that is killed leaves a record that says so, and a state that the next plan reads", async () => {
    project.describe({ persistence: "off", plan: "pro_plus" });
    await project.plan("staging");
    await project.control.setFaults({ stuckCreating: true });
    const running = project.start(process.execPath, [
      "render-redis.mjs",
      "apply",
      "staging",
      "--ack",
      LOSS,
      ...project.approval("staging"),
    ]);
    await expect.poll(async () => (await instances())[0]?.plan, { timeout: 300_000, interval: 20 }).toBe("pro_plus");
    running.kill("SIGKILL");
    await running;
    await project.control.clearFaults();
    expect(records().at(-1)).toMatchObject({ outcome: "running" });
    expect(records().at(-1)?.finishedAt).toBeUndefined();

    // Terraform ends on its own when nobody reads what it prints; until then it holds the lock.
    await expect.poll(async () => (await project.plan("staging")).exitCode, { timeout: 300_000 }).toBe(2);
    const healed = await project.apply("staging");
    expect(healed.exitCode, healed.output).toBe(0);
    expect((await project.plan("staging")).exitCode).toBe(0);
  });

  test("several environments are planned side by side, and the worst decides", async () => {
    project.describe({ region: "ohio", plan: "pro_plus" });
    // One shell is set up for both.
    project.write({ ...local, emulator: false });
    const { exitCode, output } = await project.plan("staging", "local");
    project.write(local);
    expect(exitCode, output).toBe(3);
    expect(output.indexOf("staging: needs acknowledgement")).toBeLessThan(output.indexOf("local: needs"));
    // Both have the same service: preflight would refuse the second at the first step of its apply.
    expect(output).toMatch(
      /local: needs acknowledgement – refused by Render[\s\S]* REDIS_URL is also in the group "staging-redis-env"/,
    );
    expect(output).toMatch(/Render would refuse it\. Change that, then plan again:\n +npm run plan -- local/);
  });

  test("an instance that Terraform does not know and that has the name is told, and waits for an acknowledgement", async () => {
    const name = "koinoniasms-redis-local";
    const settings = { name, region: "oregon", plan: "starter", maxmemoryPolicy: "noeviction", ipAllowList: [] };
    const { id } = await project.client.call(
      RENDER_API.createKeyValue,
      {},
      { ...settings, ownerId: project.render.ownerId },
    );
    const marked = (...args: string[]) => {
      return project.run(process.execPath, ["render-redis.mjs", ...args], { env: { TF_VAR_emulator: "true" } });
    };
    const { exitCode, output } = await marked("plan", "local");
    expect(exitCode, output).toBe(3);
    expect(output).toContain(`there is an instance "${name}" in oregon already: ${id}. This state does not know it`);
    expect(output).toContain(`cdktf.out/stacks/local import render_keyvalue.redis ${id}`);

    await project.client.call(RENDER_API.deleteKeyValue, { id });
    const stale = await marked("apply", "local", "--ack", "duplicate:render_keyvalue.redis");
    expect(stale.exitCode).toBe(2);
    expect(stale.output).toContain("acknowledges nothing in this plan");
    expect((await marked("plan", "local")).output).not.toContain("This state does not know it");
  });

  test("an interruption waits for the instance that is being created, so that the state knows it", async () => {
    project.describe({ persistence: "off", plan: "pro_plus" });
    await project.plan("staging", "--replace", "render_keyvalue.redis");
    await project.control.setFaults({ latencyMs: 1_000 });
    const running = project.start(process.execPath, [
      ...["render-redis.mjs", "apply", "staging", "--ack", LOSS],
      ...project.approval("staging"),
    ]);
    for await (const text of running.iterable({ from: "all" })) {
      if (String(text).includes("render_keyvalue.redis: Creating")) running.kill("SIGINT");
    }
    const { exitCode, all } = await running;
    await project.control.clearFaults();
    expect(exitCode, all).toBe(1);
    expect(all).toContain(
      "staging: stopping (interrupted): waiting for render_keyvalue.redis to be created, 30 s at most",
    );
    expect(records().at(-1)).toMatchObject({
      outcome: "interrupted",
      done: expect.arrayContaining(["render_keyvalue.redis"]),
    });
    const plan = await project.plan("staging");
    expect(plan.output).not.toContain("has an instance of this name already");
    expect(plan.output).toContain("the instance that an earlier apply replaced is destroyed");
  }, 300_000);

  test("a Render that says nothing is told at the deadline, and Terraform is stopped", async () => {
    await project.control.setFaults({ latencyMs: 8_000 });
    const { exitCode, output } = await project.plan("staging", "--deadline", "4");
    await project.control.clearFaults();
    expect(exitCode, output).toBe(1);
    expect(output).toContain(
      "staging: stopping (the deadline of 4 s passed): waiting for Terraform to stop, which is at render_keyvalue.redis, 30 s at most",
    );
    expect(output).toMatch(/staging: cannot be planned|Stopped: the deadline of 4 s passed\./);
  }, 120_000);

  test("a second free instance is refused, whoever has the first", async () => {
    const settings = { name: "somebody's", region: "ohio", plan: "free", maxmemoryPolicy: "noeviction" };
    const { ownerId } = project.render;
    const { id } = await project.client.call(RENDER_API.createKeyValue, {}, { ...settings, ownerId, ipAllowList: [] });
    project.describe({ region: "ohio", plan: "free" });
    const { exitCode, output } = await project.plan("staging");
    await project.client.call(RENDER_API.deleteKeyValue, { id });
    expect(exitCode, output).toBe(3);
    expect(output).toContain("Render refuses a second free instance");
    expect((await project.plan("staging")).output).not.toContain("second free instance");
  });

  test("when Render cannot be asked which instances there are, there is no plan", async () => {
    const { exitCode, output } = await project.run(process.execPath, ["render-redis.mjs", "plan", "local"], {
      env: { RENDER_API_KEY: "rnd_not-the-key" },
    });
    expect(exitCode, output).toBe(1);
    expect(output).toMatch(/Render could not be asked which instances there are: .*401/);
    expect((await project.apply("local")).output).toContain('There is no saved plan for "local"');
  });

  test("no password and no key is in anything that was printed, nor in any file but the state", async () => {
    const found = await Promise.all(
      (await instances()).map(({ id }) => project.client.call(API.getConnectionInfo, { id })),
    );
    const secrets = [project.render.apiKey, ...found.map((info) => new URL(info.externalConnectionString).password)];
    expect(secrets.length).toBeGreaterThan(1);
    const files = readdirSync(project.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
      .map((entry) => join(entry.parentPath, entry.name))
      // A state and a plan hold them by their nature: git-ignored, and only their owner reads the plan.
      .filter((path) => !/\.tfstate(\.backup)?$|\.tfplan$/.test(path));
    expect(files.some((path) => path.includes("deployments"))).toBe(true);
    for (const secret of secrets) {
      for (const text of project.transcript) expect(text).not.toContain(secret);
      expect(files.filter((path) => readFileSync(path, "latin1").includes(secret))).toEqual([]);
    }
  });
});

test("on a full disk an apply fails in words, and what it leaves nobody else can read", async () => {
  const full = await Project.start();
  expect((await full.plan("staging")).exitCode).toBe(2);
  // No file may grow beyond 10 KB, and a state is larger.
  const script = 'ulimit -f 20 && exec "$0" render-redis.mjs apply staging "$@"';
  const { exitCode, output } = await full.run("sh", ["-c", script, process.execPath, ...full.approval("staging")]);
  expect(exitCode, output).toBe(1);
  expect(output).toMatch(/file too large|no space left/i);
  expect(output).not.toContain("mistake in the program");
  await full.stop();
});
