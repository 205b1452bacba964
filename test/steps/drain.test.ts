import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RenderClient } from "../../render/api/client.ts";
import { drain } from "../../steps/drain.ts";
import { TestRender } from "../dev/emulator/harness.ts";

const PATIENCE_MS = 120_000;

let render: TestRender;
let client: RenderClient;
let lines: string[];

beforeAll(async () => {
  render = await TestRender.start();
  client = new RenderClient({ apiKey: render.render.apiKey, host: render.render.host });
});
afterAll(() => render.stop());
beforeEach(() => {
  lines = [];
});

function options(instanceId: string, command: string, patienceMs = PATIENCE_MS) {
  const say = (line: string) => void lines.push(line);
  const serviceId = render.render.backendServiceId;
  return { client, serviceId, instanceId, command, signal: AbortSignal.timeout(patienceMs), say };
}

/** Jobs as the libraries keep them, and what looks like them. */
async function fill(id: string): Promise<void> {
  const keep = [
    ["rpush", "bull:SMS:wait", "1", "2"],
    ["rpush", "{bull}:SMS:active", "3"],
    ["zadd", "bull:SMS:delayed", "1", "4"],
    ["zadd", "bull:SMS:prioritized", "1", "5"],
    ["rpush", "rq:queue:low", "1", "2"],
    ["rpush", "queue:default", "1"],
    ["rpush", "dramatiq:mail", "1"],
    ["rpush", "dramatiq:mail.DQ", "1"],
    ["hset", "unacked", "a", "1"],
    ["sadd", "_kombu.binding.celery", "celery\u0006\u0016\u0006\u0016celery", "\u0006\u0016\u0006\u0016celery"],
    ["rpush", "celery", "1", "2"],
    ["zadd", "bull:SMS:completed", "1", "done"],
    ["rpush", "bull:SMS:1:logs", "a line"],
    ["set", "cache:page:wait", "text"],
    ["rpush", "recent", "1"],
  ];
  const script = `const R=require("ioredis"),r=new R("redis://${id}:6379");
    Promise.all(${JSON.stringify(keep)}.map(([c,...a])=>r[c](...a))).then(()=>process.exit(),()=>process.exit(1))`;
  expect(await render.job(`node -e '${script}'`)).toMatchObject({ status: "succeeded" });
}

describe("drain", () => {
  test("runs the service's command inside, with the instance's internal URL", async () => {
    const id = await render.instance();
    const command = `cd examples && sh -c 'test "$REDIS_URL" = redis://${id}:6379' && test -d backend`;
    await drain(options(id, command));
    expect(lines.slice(0, 2)).toEqual([`${id}: 0 jobs wait`, `draining ${id}: running "${command}" as a one-off job`]);
    expect(lines.slice(2, -1).join("\n")).toMatch(/^job job-\S+ is (pending|running|succeeded)(\njob \S+ is \w+)*$/);
    expect(lines.at(-1)).toBe(`${id} is drained: no jobs left`);
  });

  test("that ends well while jobs still wait is no drain: they are counted before and after", async () => {
    const id = await render.instance();
    await fill(id);
    const failed = drain(options(id, "REDIS_URL=redis://elsewhere:6379 true"));
    const jobs = "13 jobs wait: SMS 5, low 2, default 1, unacked 1, celery 2, mail 1, mail.DQ 1";
    await expect(failed).rejects.toThrow(/^The job job-\S+ succeeded, and yet 13 jobs wait: /);
    await expect(failed).rejects.toThrow(`Does "REDIS_URL=redis://elsewhere:6379 true" read REDIS_URL? ${id} is kept`);
    const [, counted = ""] = /^red-\S+: (.*)$/.exec(lines[0] ?? "") ?? [];
    expect(counted.split(/[:,] /).toSorted()).toEqual(jobs.split(/[:,] /).toSorted());
    const emptied = `node -e 'const R=require("ioredis"),r=new R(process.env.REDIS_URL);r.flushall().then(()=>process.exit())'`;
    await drain(options(id, emptied));
    expect(lines.at(-1)).toBe(`${id} is drained: no jobs left`);
  });

  test("whose jobs nobody can count says so, and is what the command says", async () => {
    const id = await render.instance();
    const service = `/services/${render.render.backendServiceId}`;
    await render.call("PUT", `${service}/env-vars/PATH`, { value: "/nowhere" });
    await expect(drain(options(id, "/bin/true"))).rejects.toThrow();
    await render.call("DELETE", `${service}/env-vars/PATH`);
    expect(lines[0]).toMatch(/: its jobs could not be counted: .*without an answer in its log/);
  });

  test("that fails keeps the instance, and shows nothing of what the service logged", async () => {
    const id = await render.instance();
    const failed = drain(options(id, "node -p process.env.NODE_ENV; echo sk_live_s3cret; exit 1"));
    await expect(failed).rejects.toThrow(
      /^The job job-\S+ that drains red-\S+ failed\. Its log in Render's dashboard /,
    );
    await expect(failed).rejects.toThrow(
      `${id} is kept, because what waits in it would be lost. Put it right and run the same command ` +
        `again, or drain ${id} by hand: "`,
    );
    await expect(failed).rejects.toThrow("To lose it: remove the service's `drain` (backend.drainCommand) from ");
    await expect(failed).rejects.not.toThrow(/production\n|^sk_live/m);
  });

  test("runs in a shell of its own where an image's commands get none", async () => {
    const id = await render.instance();
    const service = `/services/${render.render.backendServiceId}`;
    await render.call("PATCH", service, { serviceDetails: { runtime: "image" } });
    await drain(options(id, `cd examples && test "$REDIS_URL" = 'redis://${id}:6379'`));
    await render.call("PATCH", service, { serviceDetails: { runtime: "node" } });
  });

  test("of a free service is refused in Render's words", async () => {
    const id = await render.instance();
    const service = `/services/${render.render.backendServiceId}`;
    await render.call("PATCH", service, { serviceDetails: { plan: "free" } });
    await expect(drain(options(id, "true"))).rejects.toThrow(
      /400.*free tier plans are not supported for jobs.* is kept/,
    );
    await render.call("PATCH", service, { serviceDetails: { plan: "starter" } });
  });

  test("that takes too long keeps the instance", async () => {
    const id = await render.instance();
    await expect(drain(options(id, "sleep 60", 1_500))).rejects.toThrow(
      /^The job job-\S+ is still (pending|running)\. red-\S+ is kept\. Run the same command again\.$/,
    );
  });

  test("is refused when the instance asks for a password inside: a job's command is shown to others", async () => {
    const id = await render.instance();
    await render.control.act("internal-authentication", id, "on");
    await render.untilStatus(id, "available");
    await expect(drain(options(id, "true"))).rejects.toThrow(
      `${id} asks for a password inside, so it cannot be drained from here. Put it right and run the same command again, ` +
        `or drain ${id} by hand: "true" in the service's shell with its internal URL.`,
    );
    expect(lines).toEqual([]);
  });

  test("without the service keeps the instance", async () => {
    const id = await render.instance();
    const given = { ...options(id, "true"), serviceId: "srv-00000000000000000000" };
    await expect(drain(given)).rejects.toThrow(
      /failed: 404.* is kept, because what waits in it would be lost\. To lose it: /,
    );
  });
});
