import { expect, onTestFinished, test } from "vitest";
import { RenderClient } from "../../render/api/client.ts";
import { API } from "../../render/api/endpoints.ts";
import { followJob, withVariable } from "../../vantage/job.ts";
import { startTestApi } from "../checks/support/render-api.ts";

const JOB = { id: "job-1", serviceId: "srv-00000000000000000000" };

/** Follows a job whose status is one after the other, the first of them known from its creation. */
async function follow(
  statuses: readonly (string | null | undefined)[],
  signal = new AbortController().signal,
  end = {},
) {
  const answer = (call: number) => {
    const last = call >= statuses.length - 1;
    return { ...JOB, status: statuses[Math.min(call, statuses.length - 1)], ...(last ? end : {}) };
  };
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
    const { end, shown, calls } = await follow([undefined, null, "running", status]);
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

test.each([undefined, null])("ends when Render says only when it ended, with the status %o", async (status) => {
  const { end } = await follow([undefined, status, status], undefined, { finishedAt: "2026-06-17T08:15:30Z" });
  expect(end).toMatchObject({ status: "pending" });
});

test.each([
  ["npm run drain", "sh -c 'export A=1; npm run drain'"],
  ["cd x && echo 'it is' \"$A\"", String.raw`sh -c 'export A=1; cd x && echo '\''it is'\'' "$A"'`],
])("all of a job's command %s gets a variable", (command, expected) => {
  expect(withVariable("A", "1", command)).toBe(expected);
});

test("ends with the signal", async () => {
  const stopped = new AbortController();
  setTimeout(() => stopped.abort(), 100);
  expect((await follow(["running"], stopped.signal)).end).toBeUndefined();
});
