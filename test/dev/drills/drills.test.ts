import { expect, test } from "vitest";
import { DRILLS } from "../../../dev/drills/drills.ts";
import { overlappingDeploys } from "../../overlapping-deploys.ts";

const SECONDS = 2;

// Each drill in a short form; `npm run drill -- <name>` is the long one, which also judges figures of time where the
// machine is idle enough.
test.each(Object.entries(DRILLS))(
  "%s: nothing is lost, and nothing is sent twice",
  async (name, drill) => {
    const steps: string[] = [];
    const policy = overlappingDeploys(name === "failover" || name === "outage" ? "wait" : "override");
    const options = { seconds: SECONDS, say: (line: string) => steps.push(line), onStage: () => {} };
    const result = await drill.run({ ...options, overlappingDeploys: policy });
    const missed = result.missed.filter((target) => !/ ms\b/.test(target));
    expect(missed, JSON.stringify(result)).toEqual([]);
    expect(result).toMatchObject({ lost: 0, waiting: 0, failed: 0, sentTwice: 0, refused: 0 });
    expect(result.accepted).toBeGreaterThan(100);
    expect(steps.length).toBeGreaterThan(3);
  },
  900_000,
);
