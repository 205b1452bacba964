import { expect, test } from "vitest";
import type { Delivered } from "../../../dev/drills/load.ts";
import { missed, type Outage, tally } from "../../../dev/drills/tally.ts";

const message = (id: string, at: number, mode: Delivered["mode"] = "queued"): Delivered => {
  return { id, at, latencyMs: 10, mode };
};
const NOTHING_LEFT = { waiting: 0, failed: 0 };
const KILL: Outage = { from: 10_000, to: 15_000, killed: true };
const FREEZE: Outage = { ...KILL, killed: false };

/** Of five messages that were not sent. */
function unsent(outage: Outage | undefined, left: { waiting: number; failed: number }, at: number) {
  const messages = [message("sent", 0), ...["a", "b", "c", "d", "e"].map((id) => message(id, at))];
  return tally({ messages, baseline: [], outage, left, times: (id) => (id === "sent" ? 1 : 0) });
}

test.each([
  ["gone", undefined, NOTHING_LEFT, 0, { lost: 5, waiting: 0, failed: 0, unwritten: 0 }],
  ["in a queue", undefined, { waiting: 9, failed: 0 }, 0, { lost: 0, waiting: 5, failed: 0, unwritten: 0 }],
  ["failed", undefined, { waiting: 0, failed: 9 }, 0, { lost: 0, waiting: 0, failed: 5, unwritten: 0 }],
  ["some of each", undefined, { waiting: 1, failed: 2 }, 0, { lost: 2, waiting: 1, failed: 2, unwritten: 0 }],
  ["acknowledged just before a kill", KILL, NOTHING_LEFT, 9_000, { lost: 0, unwritten: 5 }],
  ["acknowledged as it was killed", KILL, NOTHING_LEFT, 10_020, { lost: 0, unwritten: 5 }],
  ["acknowledged long before a kill", KILL, NOTHING_LEFT, 7_000, { lost: 5, unwritten: 0 }],
  ["acknowledged after it", KILL, NOTHING_LEFT, 15_000, { lost: 5, unwritten: 0 }],
  ["acknowledged just before a freeze", FREEZE, NOTHING_LEFT, 9_000, { lost: 5, unwritten: 0 }],
])("a message that was not sent is %s", (_what, outage, left, at, counted) => {
  expect(unsent(outage, left, at)).toMatchObject({ accepted: 6, sent: 1, ...counted });
});

const well = tally({
  messages: [message("a", 0), message("b", 20_000)],
  baseline: [message("a", 0)],
  outage: FREEZE,
  left: NOTHING_LEFT,
  times: () => 1,
});

test("what is not sent, sent twice or refused is missed, also on a busy machine", () => {
  expect(missed(well, false, 0)).toEqual([]);
  expect(missed({ ...well, lost: 1, waiting: 2, failed: 3, sentTwice: 4, refused: 5, accepted: 0 }, false, 0)).toEqual([
    "no message was accepted",
    "1 messages lost",
    "2 messages still wait",
    "3 messages failed at every attempt",
    "4 messages sent twice",
    "5 messages refused",
  ]);
  expect(missed({ ...well, unwritten: 1 }, false, 0)).toEqual([]);
  expect(missed({ ...well, recoveryMs: undefined }, true, 0)).toEqual(["queueing again after never"]);
});

test("figures of time are judged where the machine was idle enough", () => {
  const slow = { ...well, p95SynchronousMs: 20, p95DownMs: 71, recoveryMs: 2_001 };
  expect(missed(slow, true, 0.5)).toEqual(["p95 while down 71 ms, more than 70 ms", "queueing again after 2001 ms"]);
  expect(missed(slow, true, 0.1)).toEqual([]);
  expect(missed({ ...slow, p95DownMs: 70, recoveryMs: 2_000 }, true, 0.5)).toEqual([]);
});
