import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
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
const TIME = new Date("2026-01-01T00:00:00Z");

/** Writes a bundle as the build does, of the sources as they are, and always at the same time. */
async function writeBundle(text: string) {
  const { digestOfSources, seal } = await import(join(root, "cli/bundle/run-bundle.cjs"));
  writeFileSync(bundle(), seal(digestOfSources("checks"), text));
  utimesSync(bundle(), TIME, TIME);
}

describe("the launcher", () => {
  test("runs the sources when nothing is built", async () => {
    expect(await launch()).toContain("Usage: npm run verify");
  });

  test("runs the bundle once it is built, and keeps its compiled code", async () => {
    await writeBundle('console.log("the bundle", process.argv[2]);');
    expect(await launch()).toBe("the bundle --help\n");
    const caches = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".cache"));
    expect(caches).toHaveLength(1);
    expect(await launch()).toBe("the bundle --help\n");
  });

  test("is not confused by compiled code of another bundle of the same length, or by a broken one", async () => {
    await writeBundle('console.log("the bundle", "--help");   ');
    await launch();
    await writeBundle('console.log("the bumble", "--help");   ');
    expect(await launch()).toBe("the bumble --help\n");
    const [cache = ""] = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".cache"));
    const code = readFileSync(join(root, "dist", cache));
    for (const broken of [Buffer.from("garbage"), Buffer.concat([code.subarray(0, -9), Buffer.alloc(9, 7)])]) {
      writeFileSync(join(root, "dist", cache), broken);
      expect(await launch()).toBe("the bumble --help\n");
    }
  });

  test("does not run a bundle that was changed, of whatever length and time", async () => {
    await writeBundle('console.log("the bundle");');
    writeFileSync(bundle(), readFileSync(bundle(), "utf8").replace("the bundle", "the bumble"));
    utimesSync(bundle(), TIME, TIME);
    expect(await launch()).toContain("Usage: npm run verify");
  });

  test.each(["checks/catalogue/reach.ts", "render/plans.ts", "environments/local.ts", "package-lock.json"])(
    "runs the sources again once %s has another content, of whatever length and time",
    async (file) => {
      const source = readFileSync(join(root, file), "utf8");
      const { atime, mtime } = statSync(join(root, file));
      await writeBundle('console.log("the bundle");');
      expect(await launch()).toBe("the bundle\n");
      writeFileSync(join(root, file), source.replace(/\n$/, " "));
      utimesSync(join(root, file), atime, mtime);
      expect(await launch()).toContain("Usage: npm run verify");
      writeFileSync(join(root, file), source);
    },
  );

  test("runs the bundle again when a source has only another time", async () => {
    await writeBundle('console.log("the bundle");');
    utimesSync(join(root, "render/plans.ts"), new Date(), new Date());
    expect(await launch()).toBe("the bundle\n");
  });
});

test("the sources import nothing that a toolchain must be installed for", () => {
  expect(existsSync(join(REPOSITORY, "cli/verify.ts"))).toBe(true);
  const files = readdirSync(join(REPOSITORY, "checks"), { recursive: true }).map(String);
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    const source = readFileSync(join(REPOSITORY, "checks", file), "utf8");
    expect(source, file).not.toMatch(/from "(cdktf|constructs|\.\.\/(\.\.\/)?(constructs|stacks|dev|pipeline)\/)/);
  }
});
