import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const PRODUCT =
  "runtime redis render environments vantage steps checks operations constructs stacks pipeline cli".split(" ");

/** What a room may import beside itself, type imports included. `steps/steps.ts` is a room of its own: it is only a table. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  redis: [],
  render: ["runtime"],
  environments: ["render", "runtime"],
  // A line of zod, which its build writes.
  vantage: ["redis", "render", "runtime", "vantage/en.js"],
  "steps/steps.ts": ["render", "runtime"],
  steps: ["steps/steps.ts", "vantage", "render", "environments", "runtime"],
  checks: ["vantage", "redis", "render", "environments", "runtime"],
  operations: ["checks", "vantage", "redis", "render", "runtime"],
  constructs: ["steps/steps.ts", "render", "runtime"],
  stacks: ["constructs", "environments", "steps/steps.ts", "render", "runtime"],
  pipeline: ["steps/steps.ts", "environments", "render", "runtime"],
  cli: [...PRODUCT, "steps/steps.ts"],
  "main.ts": ["cli", "stacks", "environments", "runtime"],
  "bin.ts": ["cli", "main.ts", "examples", "runtime"],
  "build.ts": ["vantage"],
  "render-redis.mjs": ["build.ts", "dist"],
  dev: [...PRODUCT, "bin.ts", "build.ts", "steps/steps.ts", "main.ts", "examples", "vitest.config.ts"],
  bench: [...PRODUCT, "steps/steps.ts", "main.ts", "dev"],
  examples: ["redis", "runtime", "constructs", "stacks", "environments", "render"],
};

const files = execFileSync("git", ["ls-files", "*.ts", "*.cjs", "*.mjs"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && !/^test\/|^vitest\.config/.test(file));
const textOf = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** Every import of a file of ours by another, as `[importer, imported]`. */
const arrows = files.flatMap((file) =>
  [...textOf(file).matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*["'](\.[^"']+)["']/g)].map(
    ([, path = ""]) => [file, relative(ROOT, join(ROOT, dirname(file), path))] as const,
  ),
);

/** The files that are neither in one of these rooms nor one of these files. */
function without(files: readonly string[], rooms: readonly string[]): string[] {
  return files.filter((file) => !rooms.includes(file) && !rooms.includes(roomOf(file)));
}

function roomOf(file: string): string {
  return file === "steps/steps.ts" || !file.includes("/") ? file : file.slice(0, file.indexOf("/"));
}

/** The groups of nodes that reach each other. */
function circles(edges: readonly (readonly [string, string])[]): string[] {
  const next = new Map<string, string[]>();
  for (const [from, to] of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>();
    const open = [from];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const to of next.get(node) ?? []) if (!seen.has(to) && seen.add(to)) open.push(to);
    }
    return seen;
  };
  const reached = new Map([...next.keys()].map((node) => [node, reach(node)]));
  const groups = [...reached].map(([node, nodes]) => [...nodes].filter((other) => reached.get(other)?.has(node)));
  return [...new Set(groups.filter(({ length }) => length > 0).map((group) => group.sort().join(" ⇄ ")))].sort();
}

const filesWith = (pattern: RegExp) => files.filter((file) => pattern.test(textOf(file)));

test("imports run one way", () => {
  const wrong = arrows.filter(([from, to]) => {
    const [room, other] = [roomOf(from), roomOf(to)];
    return room !== other && !MAY_IMPORT[room]?.includes(other);
  });
  expect(wrong.map(([from, to]) => `${from} → ${to}`)).toEqual([]);
});

test("no file and no folder imports itself by way of others", () => {
  const folders = arrows.map(([from, to]) => [dirname(from), dirname(to)] as const);
  const found = [...circles(arrows), ...circles(folders.filter(([from, to]) => from !== to))];
  expect(found).toEqual([]);
});

test("cdktf stays where the Terraform is made", () => {
  // The benchmark compares with bare cdktf.
  const users = filesWith(/from "(@?cdktf|constructs)["/]/);
  expect(without(users, ["constructs", "stacks", "main.ts", "bench"])).toEqual([]);
});

test("programs end in one place", () => {
  const ends = filesWith(/process\.(exit\(|exitCode)|process\.(on|once)\((signal|"SIG)/);
  // The launcher ends where there is no program to start.
  const others = ends.filter((file) => !/^examples\/backend\/|^cli\/program\.ts$|^render-redis\.mjs$/.test(file));
  expect(others).toEqual([]);
  const programs = [...textOf("package.json").matchAll(/tsx ([\w/-]+\.ts)/g)].map(([, file = ""]) => file);
  const unended = programs.filter((file) => !/^runProgram\(/m.test(textOf(file)));
  expect(unended).toEqual([]);
});

test("programs wait in one place", () => {
  const waits = filesWith(/timers\/promises|AbortSignal\.timeout\(/).filter((file) => file !== "runtime/wait.ts");
  expect(waits).toEqual([]);
});

test("processes are started in one place", () => {
  const spawns = filesWith(/\bspawn\(|from "execa"/).filter((file) => file !== "runtime/child-process.ts");
  // The emulator's watchdog outlives whatever starts it.
  expect(without(spawns, ["dev/emulator/machine/supervisor.ts"])).toEqual([]);
});
