import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answersIn, toLines, unpack } from "../../vantage/lines.ts";

/** Long enough for several lines, and not to be packed into one. */
const LONG = { text: Array.from({ length: 2_000 }, (_, index) => (index * 7_919) % 9_973).join() };

const fromLines = (lines: readonly string[]) => unpack(answersIn(lines).get("node"));

describe("an answer in the lines of a log", () => {
  test("comes out as it went in, whatever else is logged and in whatever order", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.string()), fc.infiniteStream(fc.nat()), (answer, noise, order) => {
        const lines = [...toLines(answer), ...noise, ...toLines(answer)].map((line) => ({
          line: `2026-06-17T08:15:30Z ${line}`,
          at: order.next().value,
        }));
        const shuffled = lines.toSorted((a, b) => a.at - b.at).map(({ line }) => line);
        expect(fromLines(shuffled)).toEqual(JSON.parse(JSON.stringify(answer)));
      }),
    );
  });

  test("is not found in lines that only look like one, however many there are", () => {
    const line = fc
      .tuple(
        fc.oneof(fc.nat(), fc.bigInt()),
        fc.oneof(fc.nat(9), fc.bigInt()),
        fc.oneof(fc.base64String(), fc.string()),
      )
      .map(([index, total, text]) => `render-redis-check node ${index}/${total} ${text}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string({ unit: "binary" }))), (lines) => {
        expect(() => fromLines(lines)).not.toThrow();
      }),
    );
    expect(
      fromLines([`render-redis-check node ${"1".repeat(1_000_000)}`, "render-redis-check ".repeat(50_000)]),
    ).toBeUndefined();
  });

  test("takes several lines that no log breaks, and is not there until the last of them is", () => {
    const lines = toLines(LONG);
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(line.length).toBeLessThan(1_000);
    expect(fromLines(lines)).toEqual(LONG);
    for (const missing of lines) expect(fromLines(lines.filter((line) => line !== missing))).toBeUndefined();
  });

  test.each([
    ["nothing", []],
    ["other lines", ["starting", "render-redis-check", "render-redis-check 1 of 2"]],
    ["a part that cannot be", ["render-redis-check node 2/1 abcd"]],
    ["a line that claims any number of others", ["render-redis-check node 1/999999999 abcd"]],
    ["a line that claims none", ["render-redis-check node 1/0 abcd"]],
    ["no packed text", ["render-redis-check node 1/1 abcd"]],
    ["no JSON", [`render-redis-check node 1/1 ${deflateRawSync("no JSON").toString("base64")}`]],
    [
      "more than any answer",
      [`render-redis-check node 1/1 ${deflateRawSync(`"${" ".repeat(2 ** 25)}"`).toString("base64")}`],
    ],
  ])("%s: no answer", (_, lines) => {
    expect(fromLines(lines)).toBeUndefined();
  });
});
