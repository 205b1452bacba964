import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePrivateDirectory, writePrivateFile } from "../../runtime/private-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "private-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

test("only the owner reads a file, and enters the directories that are made for it", () => {
  const file = join(directory, "a", "b", "secret");
  writePrivateFile(file, "s");
  expect(readFileSync(file, "utf8")).toBe("s");
  expect([file, join(directory, "a", "b"), join(directory, "a")].map(modeOf)).toEqual([0o600, 0o700, 0o700]);
});

test("what was there is replaced, mode and all", () => {
  const file = join(directory, "secret");
  writeFileSync(file, "old");
  chmodSync(file, 0o644);
  writeFileSync(`${file}.${process.pid}.new`, "left behind", { mode: 0o644 });
  writePrivateFile(file, new Uint8Array([110, 101, 119]));
  expect(readFileSync(file, "utf8")).toBe("new");
  expect(modeOf(file)).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["secret"]);
});

test("a directory that exists keeps its mode", () => {
  chmodSync(directory, 0o755);
  makePrivateDirectory(directory);
  expect(modeOf(directory)).toBe(0o755);
});
