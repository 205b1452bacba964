import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readReport, writeReports } from "../../../cli/report/write-reports.ts";
import { Secrets } from "../../../runtime/secrets.ts";

/** What standard output has been given, and what it says to each write: how many bytes it takes, or why none. */
const stdout = vi.hoisted(() => ({ text: "", answers: [] as (number | string)[] }));
vi.mock("node:fs", async (original) => ({
  ...(await original<object>()),
  writeSync: (_file: number, bytes: Buffer) => {
    const answer = stdout.answers.length > 1 ? stdout.answers.shift() : stdout.answers[0];
    if (typeof answer === "string") throw Object.assign(new Error(answer), { code: answer });
    stdout.text += bytes.subarray(0, answer);
    return Math.min(bytes.length, answer ?? 0);
  },
}));

const FORMATS = {
  plain: (subject: string) => `\u001b[31m${subject}\u001b[39m\n`,
  markdown: (subject: string) => `# ${subject}\n`,
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "reports-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

test.each([
  ["plain", { format: "plain", file: undefined }],
  ["markdown=a=b.md", { format: "markdown", file: "a=b.md" }],
])("%s is a report", (text, request) => {
  expect(readReport(FORMATS, text)).toEqual(request);
});

test.each(["", "xml", "plain=", "toString", "=x"])("%o is none", (text) => {
  expect(() => readReport(FORMATS, text)).toThrow(
    `must be one of plain, markdown, with =<file> if wanted, got: ${JSON.stringify(text)}.`,
  );
});

test("of a slip of the pen is told what was meant", () => {
  expect(() => readReport(FORMATS, "markdow=x")).toThrow('got: "markdow=x". Did you mean "markdown"?');
});

test.each<[where: string, packageFile: string, expected: (here: string) => string]>([
  ["npm was called, when it runs this", join(process.cwd(), "package.json"), (here) => join(here, "a/report.txt")],
  ["this runs, within another package's script", "/elsewhere/package.json", () => resolve("a/report.txt")],
])("a file is written relative to where %s", (_where, packageFile, expected) => {
  vi.stubEnv("INIT_CWD", directory);
  vi.stubEnv("npm_package_json", packageFile);
  const file = expected(directory);
  try {
    writeReports(FORMATS, [{ format: "plain", file: "a/report.txt" }], "x", new Secrets());
    expect(readFileSync(file, "utf8")).toBe("x\n");
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
});

test("files are masked, plain, and made with their folders; the step summary grows", () => {
  const summary = join(directory, "summary.md");
  writeFileSync(summary, "before\n");
  vi.stubEnv("GITHUB_STEP_SUMMARY", summary);
  const secrets = new Secrets();
  secrets.add("pass-word");
  const file = join(directory, "deep/er/report.txt");
  writeReports(FORMATS, [{ format: "plain", file }], "the pass-word", secrets);
  expect(readFileSync(file, "utf8")).toBe("the ***\n");
  expect(readFileSync(summary, "utf8")).toBe("before\n# the ***\n");
});

test("a file that cannot be written is named, and the report before it is there", () => {
  const file = join(directory, "good.txt");
  const write = () =>
    writeReports(
      FORMATS,
      [
        { format: "plain", file },
        { format: "markdown", file: join(file, "x.md") },
      ],
      "text",
      new Secrets(),
    );
  expect(write).toThrow(expect.objectContaining({ name: "Stop", outcome: "misused" }));
  expect(write).toThrow(/A report could not be written \(E[A-Z]+\): .*good\.txt, .*x\.md$/);
  expect(readFileSync(file, "utf8")).toBe("text\n");
});

describe("standard output", () => {
  const write = (answers: (number | string)[], withinMs?: number) => {
    Object.assign(stdout, { text: "", answers });
    writeReports(FORMATS, [{ format: "plain", file: undefined }], "the text", new Secrets(), withinMs);
    return stdout.text;
  };

  test("is given all of it, however little it takes at a time, and as it is", () => {
    const all = "\u001b[31mthe text\u001b[39m\n";
    expect(write([1, 2, "EAGAIN", 4, "EAGAIN", "EAGAIN", 1_000])).toBe(all);
    expect(write([1_000])).toBe(all);
    expect(write(["EAGAIN", 1_000], 5_000)).toBe(all);
  });

  test("that takes no more is waited for as long as there is time, and not when it is gone", () => {
    const began = performance.now();
    expect(() => write(["EAGAIN"], 60)).toThrow("A report could not be written (EAGAIN): -");
    expect(performance.now() - began).toBeGreaterThanOrEqual(60);
    expect(() => write([3, "EPIPE"])).toThrow("A report could not be written (EPIPE): -");
  });
});

test("a mistake in a format is none of a file", () => {
  const broken = {
    ...FORMATS,
    plain: () => {
      throw new TypeError("x");
    },
  };
  const write = () => writeReports(broken, [{ format: "plain", file: undefined }], "", new Secrets());
  expect(write).toThrow(TypeError);
});
