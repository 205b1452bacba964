import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isCurrent, writeStamp } from "../../pipeline/synthesis-stamp.ts";
import { SYNTHESIS_SOURCES } from "../../pipeline/synthesize.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "stamp-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

describe("a stack is synthesized again", () => {
  const isStampCurrent = () =>
    isCurrent(
      join(root, "stack"),
      ["main.ts", "folder", "absent"].map((name) => join(root, name)),
    );

  beforeEach(() => {
    write("main.ts", "1");
    write("folder/deep/a.ts", "a");
    write("stack/cdk.tf.json", "{}");
    writeStamp(
      join(root, "stack"),
      ["main.ts", "folder", "absent"].map((name) => join(root, name)),
    );
  });

  test.each<[what: string, change: () => void]>([
    ["a source changes", () => write("main.ts", "2")],
    ["a file deep in a folder changes", () => write("folder/deep/a.ts", "b")],
    ["a file is added", () => write("folder/b.ts", "")],
    ["a file is removed", () => rmSync(join(root, "folder/deep/a.ts"))],
    ["a source appears", () => write("absent", "")],
    ["the Terraform was changed", () => write("stack/cdk.tf.json", "{ }")],
    ["the Terraform is gone", () => rmSync(join(root, "stack/cdk.tf.json"))],
    ["its stamp is gone", () => rmSync(join(root, "stack/sources.sha256"))],
    ["its stamp is another one", () => write("stack/sources.sha256", "0".repeat(64))],
    [
      "text moves from one file to the next",
      () => {
        write("folder/deep/a.ts", "");
        write("folder/deep/b.ts", "a");
      },
    ],
  ])("when %s", (_what, change) => {
    expect(isStampCurrent()).toBe(true);
    change();
    expect(isStampCurrent()).toBe(false);
  });

  test("and not when a file was only written again", () => {
    write("main.ts", "1");
    expect(isStampCurrent()).toBe(true);
  });
});

/** A file and all of ours that it imports. */
function reached(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/(?:\bfrom|\bimport\()\s*"(\.[^"]+\.ts)"/g)) {
    reached(join(dirname(file), path), seen);
  }
  return seen;
}

function foldersOf(...files: string[]): string[] {
  const paths = files.flatMap((file) => [...reached(join(REPOSITORY, file))]);
  return [...new Set(paths.map((path) => relative(REPOSITORY, path).split("/")[0] ?? ""))].sort();
}

test("all that synthesis reads is in its stamp", () => {
  expect(SYNTHESIS_SOURCES).toEqual(expect.arrayContaining(foldersOf("main.ts")));
});
