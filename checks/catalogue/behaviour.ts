import type { FailureKind } from "../../redis/failure.ts";
import { explain } from "../../redis/failure-explanations.ts";
import { always, type Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import { trying, unanswered } from "../reading.ts";

/** These speak of the connection, not of what a queue may do. */
const NOT_ABOUT_QUEUES: readonly FailureKind[] = ["CLOSED", "TIMEOUT", "STOPPED"];

/**
 * From outside, a job goes through Bull and through BullMQ themselves. Inside Render's network the libraries are not at
 * hand, and it goes through the commands that they are made of.
 */
export const queue: Check = {
  id: "queue",
  title: "Queues work",
  proves: "A job can be added, waited for, taken and completed, as Bull and BullMQ do it.",
  observes: "queue",
  applies: always,
  run: trying("queue", ({ commands, libraries = [] }) => {
    const tried = [
      { name: commands.command ?? "commands", outcome: commands },
      ...libraries.map(({ library, outcome }) => ({ name: library, outcome })),
    ];
    const source = libraries.length === 0 ? "the commands of Bull and BullMQ" : "Bull, BullMQ and their commands";
    const expected = "a job is added, processed and completed";
    for (const { name, outcome } of tried) {
      if (!("failure" in outcome)) continue;
      if (NOT_ABOUT_QUEUES.includes(outcome.failure)) return unanswered(name, outcome.failure);
      const { what, remedy } = explain(outcome.failure);
      return fail({ expected, actual: `${name}: ${what} (${outcome.failure})`, source }, remedy);
    }
    return pass({ expected, actual: "added, processed, completed", source });
  }),
};
