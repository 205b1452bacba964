import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { Rehearsal, Workspace } from "../../dev/rehearsal.ts";
import type { EnvironmentInput } from "../../environments/define.ts";

let render: Rehearsal;
const workspace = new Workspace("team");
const ids = { worker: "", celery: "", nightly: "" };

beforeAll(async () => {
  render = await Rehearsal.start({ rateLimits: "off" });
  ids.worker = await create("worker", "background_worker");
  ids.celery = await create("celery", "background_worker");
  ids.nightly = await create("nightly", "cron_job");
});
afterAll(async () => {
  workspace.remove();
  await render.stop();
});

async function create(name: string, type: string): Promise<string> {
  const { apiKey, host } = render.credentials;
  const answer = await fetch(`${host}/services`, {
    method: "POST",
    headers: { Authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name, ownerId: render.render.ownerId, type }),
  });
  return z.object({ service: z.object({ id: z.string() }) }).parse(await answer.json()).service.id;
}

/** A team's: a queue and a cache, and services of three kinds. @param key Of the queue, and the one that it had before. */
function team(key = "queue", formerly?: string): EnvironmentInput {
  const instance = {
    ...({ region: "oregon", plan: "starter", deletionProtection: false } as const),
    ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
  };
  return {
    ...{ name: "team", emulator: true, checks: { deadlineSeconds: 60 } },
    state: { type: "local", path: ".state/team.tfstate" },
    redis: {
      [key]: { ...instance, name: "team-queue", ...(formerly === undefined ? {} : { formerly }) },
      cache: { ...instance, name: "team-cache", role: "cache" },
    },
    services: {
      backend: {
        name: "connect-yw-backend",
        uses: { REDIS_URL: key, CACHE_URL: "cache" },
        env: { ENABLE_QUEUES: "true" },
      },
      worker: { name: "worker", id: ids.worker, uses: { REDIS_URL: key } },
      celery: {
        ...{ name: "celery", id: ids.celery },
        uses: { CELERY_BROKER_URL: { redis: key, database: 0 }, CELERY_RESULT_BACKEND: { redis: key, database: 1 } },
      },
      nightly: {
        ...{ name: "nightly", id: ids.nightly },
        uses: { REDIS_HOST: { redis: key, as: "host" }, REDIS_PORT: { redis: key, as: "port" } },
      },
    },
  };
}

function terraform(environment: EnvironmentInput, ...args: string[]) {
  return workspace.terraform(environment, args, { ...render.variables, TF_VAR_emulator: "true" });
}

test("a team's Redis: a queue and a cache, web, workers and a cron job, in their order; a failure is gone on from", async () => {
  const wrong = team();
  const { worker, ...others } = wrong.services ?? {};
  if (worker === undefined) throw new Error("There is no worker.");
  // Preflight refuses it before anything changes.
  const refused = await terraform(
    { ...wrong, services: { ...others, worker: { ...worker, name: "another" } } },
    "apply",
    "-auto-approve",
  );
  expect(refused.exitCode).toBe(1);
  expect(refused.output).toContain(`${ids.worker} is the service "worker"`);

  const applied = await terraform(team(), "apply", "-auto-approve");
  expect(applied.exitCode, applied.output).toBe(0);
  const order = [...applied.output.matchAll(/^null_resource\.(\w+_roll_out): Creation complete/gm)].map(
    ([, name]) => name,
  );
  expect(order).toEqual(["backend_roll_out", "worker_roll_out", "celery_roll_out", "nightly_roll_out"]);
  expect(applied.output).toContain(
    "nightly is a cron job, which is not rolled out: its next run reads what it is given",
  );
  expect((await terraform(team(), "plan", "-detailed-exitcode")).exitCode).toBe(0);

  const renamed = await terraform(team("jobs", "queue"), "plan");
  expect(renamed.output).toContain("render_keyvalue.queue has moved to render_keyvalue.jobs");
  expect(renamed.output).toContain("Plan: 0 to add, 0 to change, 0 to destroy.");

  const destroyed = await terraform(team(), "destroy", "-auto-approve");
  expect(destroyed.exitCode, destroyed.output).toBe(0);
  expect(destroyed.output).toContain(`${ids.celery}: the service runs without this Redis`);
});
