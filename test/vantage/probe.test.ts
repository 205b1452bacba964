import { expect, test } from "vitest";
import { urlFrom } from "../../vantage/probe.ts";

const PLAIN = "redis://red-abc:6379";

test.each([
  ["none", undefined, PLAIN],
  ["this instance's, with its password", "redis://u:secret@red-abc:6379", "redis://u:secret@red-abc:6379"],
  ["another instance's", "redis://u:secret@red-xyz:6379", PLAIN],
  ["no Redis URL", "https://example.com/red-abc", PLAIN],
])("REDIS_URL of the service is %s", (_, own, url) => {
  expect(urlFrom("red-abc", own)).toBe(url);
});
