import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Checkout } from "../dev/checkout.ts";
import { runChild } from "../runtime/child-process.ts";
import { PROGRAM } from "./program.ts";

const DIST = join(PROGRAM, "../dist");
const dist = (root: string) =>
  readdirSync(join(root, "dist"))
    .filter((name) => name.endsWith(".js"))
    .sort();

describe("a build", () => {
  let root: string;
  beforeAll(() => {
    root = new Checkout().path;
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const run = (...args: string[]) =>
    runChild(process.execPath, [join(root, "render-redis.mjs"), ...args], { cwd: root });
  /** What the program that is built says of plan's table. */
  const help = async () => (await run("verify", "--help")).stdout;
  const edit = (file: string, change: (text: string) => string) => {
    const path = join(root, file);
    const { atime, mtime } = statSync(path);
    writeFileSync(path, change(readFileSync(path, "utf8")));
    utimesSync(path, atime, mtime);
  };

  test("is made where there is none, and used as it is from then on", async () => {
    rmSync(join(root, "dist"), { recursive: true });
    expect(await help()).toMatch(/^Usage: /);
    const made = statSync(join(root, "dist/build.json")).mtimeMs;
    expect(await help()).toMatch(/^Usage: /);
    expect(statSync(join(root, "dist/build.json")).mtimeMs).toBe(made);
  });

  test("is never used once a source has another content, of whatever length and time", async () => {
    edit("cli/verify-command.ts", (text) => text.replace("Proves that", "Shows  that"));
    expect(await help()).toContain("Shows  that the Redis");
    edit("cli/verify-command.ts", (text) => text.replace("Shows  that", "Proves that"));
    expect(await help()).toContain("Proves that the Redis");
  });

  test("is made again when it was changed itself, or is broken", async () => {
    const built = Object.keys(JSON.parse(readFileSync(join(root, "dist/build.json"), "utf8")));
    const helping = built.find(
      (file) => file.startsWith("dist/") && readFileSync(join(root, file), "utf8").includes("Proves that the Redis"),
    );
    edit(helping ?? "", (text) => text.replace("Proves that", "Claims that"));
    expect(await help()).toContain("Proves that the Redis");
    writeFileSync(join(root, "dist/build.json"), "{");
    expect(await help()).toContain("Proves that the Redis");
  });

  test("does not hold the environments: they are read as they are", async () => {
    const before = dist(root);
    edit("environments/local.ts", (text) => text.replace('name: "local"', 'name: "lokal"'));
    expect((await run("preflight", "local")).stderr).toContain("must be one of production, staging, lokal");
    edit("environments/local.ts", (text) => text.replace('name: "lokal"', 'name: "local"'));
    expect(dist(root)).toEqual(before);
    expect(readFileSync(join(root, "dist/build.json"), "utf8")).not.toContain("environments/local.ts");
  });

  test("that fails says why in a line, and nothing runs", async () => {
    edit("render/plans.ts", (text) => `${text}\nconst x = ;`);
    const { code, stdout, stderr } = await run("verify", "--help");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/could not be built: .*\n?.*render\/plans\.ts:\d+:\d+: ERROR: Unexpected ";"\n$/);
    edit("render/plans.ts", (text) => text.replace("\nconst x = ;", ""));
  });
});

describe("what is built", () => {
  let alone: string;
  beforeEach(() => {
    alone = join(tmpdir(), `alone-${process.pid}`);
    mkdirSync(alone);
    cpSync(PROGRAM, join(alone, "render-redis.mjs"));
    cpSync(DIST, join(alone, "dist"), { recursive: true });
    return () => rmSync(alone, { recursive: true });
  });

  test("runs where no `node_modules` and no sources are", async () => {
    for (const step of ["preflight", "checks", "drain", "leave", "roll-out", "proof", "hand-over"]) {
      const { code, stderr } = await runChild(process.execPath, [join(alone, "render-redis.mjs"), "step", step]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("is for Terraform, which sets its variables")]);
    }
  });

  test("speaks one language, and brings what would else be built when it runs", () => {
    // Of an older build some files may be left.
    const text = Object.keys(JSON.parse(readFileSync(join(alone, "dist/build.json"), "utf8")))
      .filter((file) => file.startsWith("dist/"))
      .map((file) => readFileSync(join(alone, file), "utf8"))
      .join("\n");
    expect(text).not.toContain("Eingabe");
    expect(text).not.toMatch(/buildScript\(|new URL\("\.\/[\w-]+\.ts"/);
    expect(existsSync(join(alone, "node_modules"))).toBe(false);
  });
});

test("without node_modules, nothing is built, and one line says what to do", async () => {
  const root = new Checkout().path;
  rmSync(join(root, "dist"), { recursive: true });
  rmSync(join(root, "node_modules"));
  const { code, stderr } = await runChild(process.execPath, [join(root, "render-redis.mjs"), "plan", "staging"]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^Something is not installed\. Run: npm ci\n?[^\n]*\n$/)]);
  rmSync(root, { recursive: true });
});

test("the schema of the JSON report is to be had", async () => {
  const { code, stdout } = await runChild(process.execPath, [PROGRAM, "schema"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { $id: "report.schema.json", type: "object" }]);
});
