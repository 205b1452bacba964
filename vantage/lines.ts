import { deflateRawSync, inflateRawSync } from "node:zlib";

/** How the lines begin, among whatever else a job logs. */
const PREFIX = "render-redis-check";
/** Log pipelines break or cut long lines. */
const LENGTH = 900;
const LINE = new RegExp(`${PREFIX} (\\d+)/(\\d+) (\\S+)`);
/** Bytes of an answer. What is longer is not ours. */
const LONGEST = 16 * 1024 ** 2;

/** An answer as lines that no log breaks. */
export function toLines(answer: unknown): string[] {
  const text = deflateRawSync(JSON.stringify(answer)).toString("base64");
  const parts = text.match(new RegExp(`.{1,${LENGTH}}`, "g")) ?? [];
  return parts.map((part, index) => `${PREFIX} ${index + 1}/${parts.length} ${part}`);
}

/** The answer in the lines of a log; `undefined` while a line is missing, or when one was changed. */
export function fromLines(lines: readonly string[]): unknown {
  const found = lines.map((line) => LINE.exec(line)).filter((match) => match !== null);
  const parts = new Map(found.map(([, index, , part = ""]) => [Number(index), part]));
  const total = Number(found[0]?.[2]);
  // A line may claim any number of others.
  if (!(total <= parts.size)) return undefined;
  const whole = Array.from({ length: total }, (_, index) => parts.get(index + 1));
  if (whole.includes(undefined)) return undefined;
  try {
    const packed = Buffer.from(whole.join(""), "base64");
    return JSON.parse(inflateRawSync(packed, { maxOutputLength: LONGEST }).toString());
  } catch {
    return undefined;
  }
}
