import type { FailureKind } from "../../redis/failure.ts";
import { explain } from "../../redis/failure-explanations.ts";
import { always, type Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import type { Answer, WriteObservation } from "../observation/observation.ts";
import { observing, unanswered } from "../reading.ts";

const SOURCE = "SET, GET, PTTL, DEL";

/** These speak of the connection, not of what may be written. */
const NOT_ABOUT_WRITING: readonly FailureKind[] = ["CLOSED", "TIMEOUT", "STOPPED"];

export const readWrite: Check = {
  id: "read-write",
  title: "Reads and writes",
  proves: "A value can be written with a time to live, read back, and deleted.",
  applies: always,
  run: observing(({ core: { write } }) => {
    const expected = "what was written, with a time to live, until it is deleted";
    for (const [command, answer] of steps(write)) {
      if (!("failure" in answer)) continue;
      if (NOT_ABOUT_WRITING.includes(answer.failure)) return unanswered(command, answer.failure);
      const { what, remedy } = explain(answer.failure);
      return fail({ expected, actual: `${command}: ${what} (${answer.failure})`, source: SOURCE }, remedy);
    }
    const wrong = steps(write).find(([, answer, right]) => "reply" in answer && !right(answer.reply));
    if (wrong === undefined) {
      return pass({ expected, actual: "written, read, expiring, deleted", source: SOURCE });
    }
    const actual = `${wrong[0]} gave another answer`;
    return fail(
      { expected, actual, source: SOURCE },
      "What answers does not keep data: is a proxy or cache in between?",
    );
  }),
};

type Step = readonly [command: string, answer: Answer, right: (reply: string | number | null) => boolean];

function steps({ value, set, get, ttl, deleted }: WriteObservation): readonly Step[] {
  return [
    ["SET", set, (reply) => reply === "OK"],
    ["GET", get, (reply) => reply === value],
    ["PTTL", ttl, (reply) => Number(reply) > 0],
    ["DEL", deleted, (reply) => reply === 1],
  ];
}
