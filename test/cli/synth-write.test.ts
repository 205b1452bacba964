import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { run } from "./in-process.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

// A folder in the place of the repository: its files are written there, and what synthesis gives is told by the test.
const place = vi.hoisted(() => ({ root: "", app: vi.fn<(outdir: string) => Promise<string | undefined>>() }));
vi.mock("../../pipeline/synthesize.ts", () => ({ runApp: place.app }));
vi.mock("node:fs/promises", async (original) => {
  const actual = await original<Record<string, (path: string, ...rest: unknown[]) => unknown>>();
  const moved = Object.entries(actual).map(([name, act]) => [
    name,
    (path: string, ...rest: unknown[]) => act(path.replace(REPOSITORY, place.root), ...rest),
  ]);
  return Object.fromEntries(moved);
});

const put = (path: string, text: string) => {
  mkdirSync(dirname(join(place.root, path)), { recursive: true });
  writeFileSync(join(place.root, path), text);
};
const terraform = (plan: string) => `${JSON.stringify({ plan }, null, 2)}\n`;
const committed = () =>
  Object.fromEntries(
    readdirSync(join(place.root, "synthesized")).map((name) => [
      name,
      readFileSync(join(place.root, "synthesized", name), "utf8"),
    ]),
  );

beforeEach(() => {
  place.root = mkdtempSync(join(tmpdir(), "synth-"));
  place.app.mockImplementation(async (outdir) => {
    for (const [name, plan] of Object.entries({ b: "pro", a: "starter" })) {
      mkdirSync(join(outdir, "stacks", name), { recursive: true });
      writeFileSync(join(outdir, "stacks", name, "cdk.tf.json"), JSON.stringify({ "//": "a note", plan }));
    }
    return undefined;
  });
});
afterEach(() => rmSync(place.root, { recursive: true, force: true }));

test("every environment is written, beside what is no Terraform, and what is gone is removed", async () => {
  const fresh = await run("synth", []);
  expect(fresh.stdout).toBe(
    "wrote synthesized/a.tf.json\nwrote synthesized/b.tf.json\n2 environments, 2 files changed\n",
  );
  put("synthesized/old.tf.json", "{}\n");
  put("synthesized/README.md", "Read this.");
  const again = { code: 0, stdout: "removed synthesized/old.tf.json\n2 environments, 1 files changed\n", stderr: "" };
  expect(await run("synth", [])).toEqual(again);
  expect(committed()).toEqual({
    "README.md": "Read this.",
    "a.tf.json": terraform("starter"),
    "b.tf.json": terraform("pro"),
  });
  expect(await run("synth", ["--check"])).toMatchObject({ code: 0, stdout: "synthesized/ is what the sources give\n" });
  expect(readdirSync(place.root)).toEqual(["synthesized"]);
});

test("the check shows each difference, and writes nothing", async () => {
  put("synthesized/a.tf.json", terraform("starter"));
  put("synthesized/b.tf.json", terraform("standard"));
  put("synthesized/old.tf.json", "{}\n");
  const before = committed();
  const { code, stdout, stderr } = await run("synth", ["--check"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^=+\n--- synthesized\/b\.tf\.json\n\+\+\+ the sources\n/);
  expect(stdout).toMatch(/\n- {2}"plan": "standard"\n\+ {2}"plan": "pro"\n/);
  expect(stdout).toMatch(/--- synthesized\/old\.tf\.json[\s\S]*\n-\{\}\n$/);
  expect(stderr).toBe("synthesized/ is stale: b.tf.json, old.tf.json. Run: npm run synth\n");
  expect(committed()).toEqual(before);
});

test("a mistake in an environment is told, and leaves nothing behind", async () => {
  place.app.mockResolvedValue("No such region.");
  expect(await run("synth", [])).toEqual({ code: 1, stdout: "", stderr: "No such region.\n" });
  expect(readdirSync(place.root)).toEqual([]);
});

test.each([
  ["--chek", "unknown option"],
  ["a", "too many arguments"],
])("%s is wrong usage", async (arg, says) => {
  expect(await run("synth", [arg])).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
});
