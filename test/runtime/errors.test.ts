import { expect, test } from "vitest";
import { EXIT_CODES, Stop } from "../../runtime/errors.ts";

test("the exit codes are a contract", () => {
  expect(EXIT_CODES).toEqual({ good: 0, failed: 1, misused: 2, unknown: 3 });
});

test("a stop says what happened and what to do", () => {
  const stop = new Stop("failed", "The job failed.", { remedy: "Run it again." });
  expect(stop).toMatchObject({ name: "Stop", outcome: "failed", remedy: "Run it again." });
  expect(stop.message).toBe("The job failed. Run it again.");
  expect(new Stop("misused", "No such environment.").message).toBe("No such environment.");
});
