import { afterEach, expect, test, vi } from "vitest";
import { RedisFailure } from "../../redis/failure.ts";
import { sleep } from "../../runtime/wait.ts";
import { answersIn, unpack } from "../../vantage/lines.ts";
import { runProbe, urlFrom } from "../../vantage/probe.ts";

const PLAIN = "redis://red-abc:6379";

test.each([
  ["none", undefined, PLAIN],
  ["this instance's, with its password", "redis://u:secret@red-abc:6379", "redis://u:secret@red-abc:6379"],
  ["another instance's", "redis://u:secret@red-xyz:6379", PLAIN],
  ["no Redis URL", "https://example.com/red-abc", PLAIN],
])("a variable of the service is %s", (_, own, url) => {
  expect(urlFrom("red-abc", ["other", own])).toBe(url);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** What a probe prints that looks like this, for half a second. */
async function printed(look: Parameters<typeof runProbe>[0]): Promise<unknown> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  vi.spyOn(process, "argv", "get").mockReturnValue([
    "node",
    JSON.stringify({ instanceId: "red-abc", withinMs: 500, task: { a: 1 } }),
  ]);
  vi.stubEnv("CELERY_BROKER_URL", "redis://u:secret@red-abc:6379");
  await runProbe(look);
  return unpack(answersIn(lines).get("node"));
}

test("a probe prints what it saw, with its task and in its time, or why it saw nothing", async () => {
  expect(await printed(async (url, task, { withinMs }) => ({ url, task, withinMs }))).toEqual({
    seen: { url: "redis://u:secret@red-abc:6379", task: { a: 1 }, withinMs: 500 },
  });
  expect(await printed((_url, _task, { signal }) => sleep(20_000, signal))).toEqual({ seen: false });
  expect(await printed(() => Promise.reject(new RedisFailure("OOM")))).toEqual({ failure: "OOM" });
  await expect(printed(() => Promise.reject(new TypeError("defect")))).rejects.toThrow("defect");
});
