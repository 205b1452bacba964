import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

let root: string;

/** A repository with a bundle that says so, so that one sees which of the two ran. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "checks-launch-"));
  for (const name of [
    "checks",
    "cli",
    "environments",
    "redis",
    "render",
    "runtime",
    "steps",
    "vantage",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
  ]) {
    cpSync(join(REPOSITORY, name), join(root, name), { recursive: true });
  }
  symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  mkdirSync(join(root, "dist"));
});

afterAll(() => rmSync(root, { recursive: true }));

const bundle = () => join(root, "dist/checks.cjs");
const launch = async () => (await run(process.execPath, [join(root, "checks/start.cjs"), "--help"])).stdout;

describe("the launcher", () => {
  test("runs the sources when nothing is built", async () => {
    expect(await launch()).toContain("Usage: npm run verify");
  });

  test("runs the bundle once it is built, and keeps its compiled code", async () => {
    writeFileSync(bundle(), 'console.log("the bundle", process.argv[2]);');
    expect(await launch()).toBe("the bundle --help\n");
    const caches = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".cache"));
    expect(caches).toHaveLength(1);
    expect(await launch()).toBe("the bundle --help\n");
  });

  test("is not confused by compiled code of an older bundle, or by a broken one", async () => {
    const soon = new Date(Date.now() + 5_000);
    writeFileSync(bundle(), 'console.log("a newer bundle");');
    utimesSync(bundle(), soon, soon);
    expect(await launch()).toBe("a newer bundle\n");
    for (const name of readdirSync(join(root, "dist"))) {
      if (!name.endsWith(".cache")) continue;
      const later = new Date(Date.now() + 9_000);
      writeFileSync(join(root, "dist", name), "garbage");
      utimesSync(join(root, "dist", name), later, later);
    }
    expect(await launch()).toBe("a newer bundle\n");
  });

  test.each(["checks/catalogue/reach.ts", "render/plans.ts", "environments/local.ts", "package-lock.json"])(
    "runs the sources again once %s is newer",
    async (file) => {
      const now = new Date();
      writeFileSync(bundle(), 'console.log("the bundle");');
      expect(await launch()).toBe("the bundle\n");
      const later = new Date(now.getTime() + 60_000);
      utimesSync(join(root, file), later, later);
      expect(await launch()).toContain("Usage: npm run verify");
      utimesSync(join(root, file), new Date(0), new Date(0));
    },
  );
});

test("the sources import nothing that a toolchain must be installed for", () => {
  expect(existsSync(join(REPOSITORY, "cli/verify.ts"))).toBe(true);
  const files = readdirSync(join(REPOSITORY, "checks"), { recursive: true }).map(String);
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    const source = readFileSync(join(REPOSITORY, "checks", file), "utf8");
    expect(source, file).not.toMatch(/from "(cdktf|constructs|\.\.\/(\.\.\/)?(constructs|stacks|dev|pipeline)\/)/);
  }
});
