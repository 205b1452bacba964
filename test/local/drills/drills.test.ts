import { expect, test } from "vitest";
import { DRILLS } from "../../../local/drills/drills.ts";

const SECONDS = 2;

// Each drill in a short form; `npm run drill -- <name>` is the long one.
test.each(Object.entries(DRILLS))(
  "%s: nothing is lost, nothing is sent twice, callers wait no longer",
  async (_name, drill) => {
    const steps: string[] = [];
    const result = await drill.run({ seconds: SECONDS, say: (line) => steps.push(line), onStage: () => {} });
    expect(result.missed, JSON.stringify(result)).toEqual([]);
    expect(result).toMatchObject({ lost: 0, sentTwice: 0, refused: 0 });
    expect(result.accepted).toBeGreaterThan(100);
    expect(steps.length).toBeGreaterThan(3);
  },
  120_000,
);
