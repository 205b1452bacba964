import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadline } from "../../runtime/deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a deadline gives its signal when the time has passed, and says so", () => {
  const deadline = new Deadline(2);
  expect([deadline.remainingMs, deadline.signal.aborted, deadline.reason]).toEqual([2_000, false, ""]);
  vi.advanceTimersByTime(1_999);
  expect([deadline.remainingMs, deadline.signal.aborted, deadline.reason]).toEqual([1, false, ""]);
  vi.advanceTimersByTime(1);
  expect([deadline.remainingMs, deadline.reason]).toEqual([0, "the deadline of 2 s passed"]);
  expect(deadline.signal.aborted).toBe(true);
});

test("a deadline that is stopped has no time left, keeps its first reason, and leaves no timer behind", () => {
  const deadline = new Deadline(60);
  deadline.stop("interrupted");
  deadline.stop("again");
  expect([deadline.remainingMs, deadline.reason, vi.getTimerCount()]).toEqual([0, "interrupted", 0]);
});
