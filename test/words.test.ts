import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** Words that were decided, for texts, comments and names: what is not said, and what is said instead. */
const DECIDED: readonly (readonly [not: RegExp, but: string])[] = [
  [/\bwork(s|ed|ing)? off\b/i, "drain (a queue), process (jobs)"],
  [/\b(takes?|taken|taking|took) away\b/i, "remove, delete"],
  [/\banew\b/i, "again, fresh"],
  [/\b(stand-in|stands in for)\b/i, "emulator; for the provider: the rehearsal's provider"],
  [/\bthat (is|are) none\b/i, "no-op, unchanged"],
  [/\blikeness\b/i, "digest"],
  [/\bwiring\b(?!\/main\.ts)/i, "step, steps"],
  [/\bcommand of its own\b/i, "the name of the step"],
  [/\bno longer .* any more\b|\bnothing .* any more\b|\bany longer\b/i, "no longer"],
  [/\bWhoever\b/, "the caller, the person"],
  [/\bfunction render(?!Api|Provider)[A-Z]/, "format"],
  [/\bFindings?\b/, "result (checks), consequence (review), diagnosis (doctor)"],
  [/\b(emptying|emptied from|to be emptied|empties the instance|has emptied)\b/i, "drain"],
  [/\b(reckon|anyhow|begs|farewell|affair|sees? to it)\b/i, "plain English"],
  [/\bthrow(s|n)? (\w+ ){0,4}(out|away)\b/i, "evict, delete, disconnect"],
  [/\b(in its tracks|way in from|tell Render's support)\b/i, "plain English"],
];

const files = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter((file) => /\.(ts|cjs|mjs|sh|md|yml)$|^\.ci\/run$/.test(file))
  .filter((file) => !file.startsWith("test/"));

test.each(DECIDED)("%s: %s", (not) => {
  const found = files.flatMap((file) =>
    readFileSync(join(ROOT, file), "utf8")
      .split("\n")
      .flatMap((line, index) => (not.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
