import { z } from "zod";
import { always, type Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import { readingInfo } from "../reading.ts";

export const loading: Check = {
  id: "loading",
  title: "Data loaded",
  proves: "The server has read its data from disk and serves all of it.",
  applies: always,
  run: readingInfo(z.object({ loading: z.enum(["0", "1"]) }), (info) => {
    const done = info.loading === "0";
    const evidence = { expected: "loaded", actual: done ? "loaded" : "still loading", source: "INFO persistence" };
    return done ? pass(evidence) : fail(evidence, "Wait for it, or allow more time with --deadline.");
  }),
};
