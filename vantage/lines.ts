import { deflateRawSync, inflateRawSync } from "node:zlib";

/** How the lines begin, among whatever else a job logs. */
const PREFIX = "render-redis-check";
/** Log pipelines break or cut long lines. */
const LENGTH = 900;
const LINE = new RegExp(`${PREFIX} ([a-z]\\w*) (\\d+)/(\\d+) (\\S+)`);
/** What the shell says when no interpreter could look, and how each of them ended. */
const NOTHING = new RegExp(`${PREFIX} none((?: [\\w-]+:\\w+)*)`);
/** Bytes of an answer. What is longer is not ours. */
const LONGEST = 16 * 1024 ** 2;

/** Node's answer as lines that no log breaks. The programs of `interpreters.ts` do the same with a text. */
export function toLines(answer: unknown): string[] {
  const text = deflateRawSync(JSON.stringify(answer)).toString("base64");
  const parts = text.match(new RegExp(`.{1,${LENGTH}}`, "g")) ?? [];
  return parts.map((part, index) => `${PREFIX} node ${index + 1}/${parts.length} ${part}`);
}

/** What each interpreter answered in the lines of a log. One of whose lines any is missing, or was changed, is left out. */
export function answersIn(lines: readonly string[]): ReadonlyMap<string, string> {
  const found = lines.map((line) => LINE.exec(line)).filter((match) => match !== null);
  const names = new Set(found.map(([, name = ""]) => name));
  const whole = [...names].map((name) => [name, wholeOf(found.filter((match) => match[1] === name))] as const);
  return new Map(whole.filter((one): one is [string, string] => one[1] !== undefined));
}

function wholeOf(found: readonly RegExpExecArray[]): string | undefined {
  const parts = new Map(found.map(([, , index, , part = ""]) => [Number(index), part]));
  const total = Number(found[0]?.[3]);
  // A line may claim any number of others.
  if (!(total > 0 && total <= parts.size)) return undefined;
  const whole = Array.from({ length: total }, (_, index) => parts.get(index + 1));
  return whole.includes(undefined) ? undefined : whole.join("");
}

/** What Node's answer was before it was packed into lines. */
export function unpack(text: string | undefined): unknown {
  try {
    const packed = Buffer.from(text ?? "", "base64");
    return JSON.parse(inflateRawSync(packed, { maxOutputLength: LONGEST }).toString());
  } catch {
    return undefined;
  }
}

/** Where the shell found nothing that could look: each interpreter, and its exit code or `absent`. */
export function nothingIn(lines: readonly string[]): ReadonlyMap<string, string> | undefined {
  const said = lines.map((line) => NOTHING.exec(line)).find((match) => match !== null)?.[1];
  if (said === undefined) return undefined;
  return new Map(
    said
      .split(" ")
      .slice(1)
      .map((one): [string, string] => [one.replace(/:.*/, ""), one.replace(/.*:/, "")]),
  );
}
