import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { closeDirectory, closeProject, makePrivateDirectory, writePrivateFile } from "../../runtime/private-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "private-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

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

/** What was said on standard error. */
function listen(): string[] {
  const said: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  return said;
}

// A thread cannot set it; fast tests may run in one.
test.runIf(isMainThread)("a directory is made closed, whatever the umask", () => {
  const said = listen();
  const umask = process.umask(0);
  closeDirectory(join(directory, "new"));
  process.umask(umask);
  expect(modeOf(join(directory, "new"))).toBe(0o700);
  expect(said).toEqual([]);
});

test.each([0o755, 0o750, 0o701])("an open directory (%o) is closed, and named once", (mode) => {
  const said = listen();
  chmodSync(directory, mode);
  closeDirectory(directory);
  closeDirectory(directory);
  expect(modeOf(directory)).toBe(0o700);
  expect(said).toEqual([expect.stringMatching(/^Other users .* could read \S*private-\S+, .* Now only you can\.\n$/)]);
});

test("an open directory of somebody else is an error that says what to do", () => {
  // Of the system's own directories, one that nobody but the system's owner may change.
  const open = process.getuid?.() === 0 ? "/proc/self" : "/etc";
  expect(() => closeDirectory(open)).toThrow(/can read .*It belongs to somebody else: have its owner run "chmod 700 /);
});

test("of a project, all that holds secrets is closed, and nothing else is", () => {
  const said = listen();
  chmodSync(directory, 0o755);
  for (const name of ["cdktf.out", ".plans", ".state", "docs"]) mkdirSync(join(directory, name), { mode: 0o755 });
  writeFileSync(join(directory, "old.tfstate"), "{}", { mode: 0o644 });
  const states = [".state/a.tfstate", "infra/b.tfstate", "old.tfstate", "new.tfstate"];
  closeProject(
    join(directory, "cdktf.out"),
    states.map((state) => join(directory, state)),
  );
  const modes = Object.fromEntries(readdirSync(directory).map((name) => [name, modeOf(join(directory, name))]));
  expect(modes).toEqual({
    ...{ "cdktf.out": 0o700, ".plans": 0o700, ".state": 0o700, infra: 0o700, docs: 0o755 },
    // A file that is there keeps its mode when Terraform writes it.
    ...{ "old.tfstate": 0o600, "old.tfstate.backup": 0o600, "new.tfstate": 0o600, "new.tfstate.backup": 0o600 },
  });
  expect(readFileSync(join(directory, "old.tfstate"), "utf8")).toBe("{}");
  expect(said).toHaveLength(4);
});

test("a project that only its owner enters needs no file in it", () => {
  closeProject(join(directory, "cdktf.out"), [join(directory, "x.tfstate")]);
  expect(readdirSync(directory)).toEqual(["cdktf.out"]);
});
