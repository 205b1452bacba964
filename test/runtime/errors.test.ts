import { expect, test } from "vitest";
import { EXIT_CODES, InvalidValue, nearest, notOneOf, Stop } from "../../runtime/errors.ts";

test("the exit codes are a contract", () => {
  expect(EXIT_CODES).toEqual({ good: 0, failed: 1, misused: 2, unknown: 3 });
});

test("a stop says what happened and what to do", () => {
  const stop = new Stop("failed", "The job failed.", { remedy: "Run it again." });
  expect(stop).toMatchObject({ name: "Stop", outcome: "failed", remedy: "Run it again." });
  expect(stop.message).toBe("The job failed. Run it again.");
  expect(new Stop("misused", "No such environment.").message).toBe("No such environment.");
});

test.each([
  ["stadrad", ["free", "standard"], "standard"],
  ["STANDARD", ["standard"], "standard"],
  ["proplus", ["ProPlus"], "ProPlus"],
  // Up to a third of the word, and one letter in any case.
  ["oregxyz", ["oregano"], "oregano"],
  ["orewxyz", ["oregano"], undefined],
  ["abxxxx", ["abcdef"], undefined],
  ["ax", ["ab"], "ab"],
  ["xx", ["ab"], undefined],
  ["", ["a"], undefined],
  ["a", [], undefined],
])("%s among %j means %s", (got, spellings, meant) => {
  expect(nearest(got, spellings)).toBe(meant);
});

test("a value that is not accepted is named, whatever it is, with the nearest one", () => {
  expect(new InvalidValue("must be a name", undefined, "Give one.").message).toBe(
    "must be a name, got: nothing. Give one.",
  );
  expect(new InvalidValue("must be a name", { a: [1] })).toMatchObject({
    name: "InvalidValue",
    message: 'must be a name, got: {"a":[1]}.',
  });
  expect(new InvalidValue("must be a name", Symbol("x")).message).toBe("must be a name, got: Symbol(x).");
  expect(notOneOf(["one", "two"], "ona").message).toBe('must be one of one, two, got: "ona". Did you mean "one"?');
  expect(notOneOf(["one", "two"], ["one"]).message).toBe('must be one of one, two, got: ["one"].');
  expect(notOneOf(["one"], "twa", ["two"]).message).toBe('must be one of one, got: "twa". Did you mean "two"?');
});
