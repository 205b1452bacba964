import { expect, onTestFinished, test } from "vitest";
import { RenderClient } from "../../render/api/client.ts";
import { API } from "../../render/api/endpoints.ts";
import { followJob } from "../../vantage/job.ts";
import { startTestApi } from "../checks/support/render-api.ts";

const JOB = { id: "job-1", serviceId: "srv-00000000000000000000" };

/** Follows a job whose status is one after the other, the first of them known from its creation. */
async function follow(statuses: readonly (string | undefined)[], signal = new AbortController().signal) {
  const answer = (call: number) => ({ ...JOB, status: statuses[Math.min(call, statuses.length - 1)] });
  const { host, calls, stop } = await startTestApi({
    answer(_, response, call) {
      response.end(JSON.stringify(answer(call)));
      return true;
    },
  });
  onTestFinished(stop);
  const shown: string[] = [];
  const onStatus = (status: string) => void shown.push(status);
  const client = new RenderClient({ apiKey: "k", host });
  return { end: await followJob(client, API.createJob.answer.parse(answer(0)), { signal, onStatus }), shown, calls };
}

test.each(["succeeded", "failed", "canceled"])(
  "ends when the job is %s, and tells each status once",
  async (status) => {
    const { end, shown, calls } = await follow([undefined, "running", "running", status]);
    expect(end?.status).toBe(status);
    expect(shown).toEqual(["pending", "running"]);
    expect(calls).toHaveLength(3);
  },
);

test("asks nothing about a job that is over", async () => {
  const { end, calls } = await follow(["succeeded"]);
  expect(end?.status).toBe("succeeded");
  expect(calls).toEqual([]);
});

test("ends with the signal", async () => {
  const stopped = new AbortController();
  setTimeout(() => stopped.abort(), 100);
  expect((await follow(["running"], stopped.signal)).end).toBeUndefined();
});
