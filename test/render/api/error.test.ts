import { afterEach, expect, test, vi } from "vitest";
import { RenderApiError, unlessMissing } from "../../../render/api/error.ts";
import { networkCause, retryAfterMs } from "../../../render/api/http.ts";

const failed = (status?: number) =>
  new RenderApiError({
    call: "GET /x",
    reason: "status",
    ...(status && { status }),
    explanation: "first. Second one.",
  });

test.each([
  [undefined, "GET /x failed: first. Second one.", "first."],
  [400, "GET /x failed: 400: first. Second one.", "400: first."],
  [
    429,
    "GET /x failed: 429: first. Second one. Wait for the rate limit to reset, then run the command again.",
    "429: first.",
  ],
])("an error with the status %s says what failed, and what to do", (status, message, outcome) => {
  expect(failed(status)).toMatchObject({ name: "RenderApiError", call: "GET /x", status, message, outcome });
});

test("only what Render does not have is missing", async () => {
  expect(await unlessMissing(Promise.resolve(1))).toBe(1);
  expect(await unlessMissing(Promise.reject(failed(404)))).toBeUndefined();
  for (const error of [failed(403), Object.assign(new Error("x"), { status: 404 })]) {
    await expect(unlessMissing(Promise.reject(error))).rejects.toBe(error);
  }
});

afterEach(() => void vi.useRealTimers());

test.each([
  [undefined, 0],
  ["3", 3_000],
  ["Tue, 01 Dec 2026 00:00:05 GMT", 5_000],
  ["Mon, 30 Nov 2026 00:00:00 GMT", 0],
  ["soon", 0],
  ["3 s", 0],
  ["-3", 0],
])("Retry-After: %s is a wait of %i ms", (header, milliseconds) => {
  vi.useFakeTimers({ now: Date.parse("2026-12-01T00:00:00Z") });
  expect(retryAfterMs(header)).toBe(milliseconds);
});

test.each([
  [Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "no connection (ECONNREFUSED)"],
  [new Error("connect 10.0.0.1"), "no connection"],
  ["failed", "no connection"],
])("%o is told as %s", (error, text) => {
  expect(networkCause(error)).toBe(text);
});
