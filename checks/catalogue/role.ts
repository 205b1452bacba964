import { z } from "zod";
import { always, type Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import { readingInfo } from "../reading.ts";

export const role: Check = {
  id: "role",
  title: "Role",
  proves: "The server is a primary: it takes writes and follows no other.",
  applies: always,
  run: readingInfo(z.object({ role: z.string().min(1) }), (info) => {
    const evidence = { expected: "master", actual: info.role, source: "INFO replication" };
    if (info.role === "master") return pass(evidence);
    return fail(evidence, "The URL leads to a replica. See the instance in Render's dashboard, or tell its support.");
  }),
};
