import { explain } from "../../redis/failure-explanations.ts";
import { always, type Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import { trying } from "../reading.ts";

export const pubSub: Check = {
  id: "pub-sub",
  title: "Publish and subscribe",
  proves: "A message published on one connection arrives on another, which is how Bull tells its workers.",
  observes: "pubSub",
  applies: always,
  run: trying("pubSub", ({ delivered }) => {
    const source = "SUBSCRIBE, PUBLISH";
    const expected = "the message arrives";
    if ("failure" in delivered) {
      const { what, remedy } = explain(delivered.failure);
      return fail({ expected, actual: `${what} (${delivered.failure})`, source }, remedy);
    }
    return pass({ expected, actual: "it arrived", source });
  }),
};
