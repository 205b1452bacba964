import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { z } from "zod";
import { startProgress } from "../../runtime/progress.ts";

/** What is written to a stream that is, or is not, a terminal. */
async function shown(isTTY: boolean): Promise<string> {
  let written = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  });
  const terminal = { isTTY, columns: 80, cursorTo() {}, clearLine() {}, moveCursor() {} };
  const progress = await startProgress(z.custom<NodeJS.WriteStream>().parse(Object.assign(stream, terminal)));
  for (const [environment, text] of [
    ["a", "one"],
    ["a", "one"],
    ["b", "one"],
    ["a", "two"],
  ] as const) {
    progress.update(environment, text);
  }
  progress.stop();
  return written;
}

test("a line is written whenever something changes", async () => {
  expect(await shown(false)).toBe("a: one\nb: one\na: two\n");
});

test("a terminal shows the latest of all environments in one line", async () => {
  expect(await shown(true)).toMatch(/a: one[^·]*a: one · b: one[^·]*a: two · b: one/);
});
