import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CheckResult, VerificationReport } from "../../../checks/report.ts";
import { runProgram } from "../../../cli/program.ts";
import { CHECK_FORMATS } from "../../../cli/report/checks/reports.ts";
import { REVIEW_FORMATS } from "../../../cli/report/review/reports.ts";
import { formatPreflight } from "../../../cli/report-preflight.ts";
import { ApplyProgress } from "../../../pipeline/apply-progress.ts";
import type { Review } from "../../../pipeline/review/review.ts";
import { describeTarget } from "../../../render/api/target.ts";
import { Stop } from "../../../runtime/errors.ts";
import { startProgress } from "../../../runtime/progress.ts";
import { Secrets } from "../../../runtime/secrets.ts";

/** What somebody who names an instance, answers a call or prints a line would like to do to its reader. */
const HOSTILE = [
  "\u001b[2J\u001b[1A\u001b[8mhidden\u001b]8;;http://evil.example\u0007link\u009b31m",
  "over\rwritten",
  "::error::x",
  "  ::add-mask::e ##[add-mask]e ##vso[task.setvariable]e",
  "@team closes #1 &#64;team | <b> `code` [text](http://evil.example) ~~gone~~",
  "turned \u202e round, joined \u200b\u2060 and \u{e0041} tagged",
  "\u0000\u2028end",
].join("\r\n");

// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are made of these
const OUR_COLOURS = /\u001b\[(?:0|1|2|22|3[1-6]|39)m/g;

/** What no terminal, no log and no pipeline may be given. */
function expectHarmless(text: string): void {
  expect(text.replaceAll(OUR_COLOURS, "")).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/u);
  expect(text).not.toMatch(/^\s*::/m);
  expect(text).not.toMatch(/##\w*\[/);
}

const evidence = { expected: HOSTILE, actual: HOSTILE, source: HOSTILE };
const common = { id: "ping", title: HOSTILE, durationMs: 1, vantage: "external" };
const results = [
  { ...common, status: "pass", evidence },
  { ...common, status: "warn", evidence, remedy: HOSTILE },
  { ...common, status: "fail", evidence, remedy: HOSTILE },
  { ...common, status: "unknown", reason: HOSTILE, remedy: HOSTILE },
  { ...common, status: "skip", reason: HOSTILE },
] as unknown as readonly CheckResult[];
const verification = {
  environment: HOSTILE,
  instance: { id: HOSTILE, name: HOSTILE, plan: HOSTILE, region: HOSTILE },
  vantage: "external",
  passedOver: [{ vantage: "inside", reason: HOSTILE }],
  startedAt: "2026-01-01T00:00:00Z",
  durationMs: 1,
  results,
} as unknown as VerificationReport;

const change = { attribute: HOSTILE, before: HOSTILE, after: HOSTILE };
const consequence = { kind: "data-loss", consequence: HOSTILE, causes: [change], path: HOSTILE, address: HOSTILE };
const review = {
  environment: HOSTILE,
  mode: "change",
  verdict: "needs acknowledgement",
  terraform: "",
  errors: [HOSTILE],
  where: { host: HOSTILE, places: [{ what: "service", id: "srv-1", name: HOSTILE, url: HOSTILE }] },
  commit: { sha: HOSTILE, author: HOSTILE },
  findings: [{ ...consequence, acknowledge: HOSTILE }],
  drift: [consequence],
  changes: [{ address: HOSTILE, action: "update", attributes: [change] }],
  quiet: { attributes: 1, resources: [HOSTILE] },
  policy: { warnings: [{ rule: HOSTILE, message: HOSTILE }], exceptions: [{ rule: HOSTILE, reason: HOSTILE }] },
} as unknown as Review;

/** The places where a report shows texts, by what shows them. */
const REPORTS: Readonly<Record<string, () => string>> = {
  ...Object.fromEntries(
    Object.entries(CHECK_FORMATS).map(([name, format]) => [`checks, ${name}`, () => format([verification])]),
  ),
  ...Object.fromEntries(
    Object.entries(REVIEW_FORMATS).map(([name, format]) => [`review, ${name}`, () => format([review])]),
  ),
  preflight: () =>
    formatPreflight("e", describeTarget({ id: "tea-1", name: HOSTILE }, []), [
      { title: HOSTILE, refusals: [{ reason: HOSTILE, remedy: HOSTILE }] },
    ] as never),
};

test.each(Object.keys(REPORTS).filter((name) => !name.endsWith("github")))(
  "%s shows a hostile text, and does not obey it",
  (name) => {
    const text = REPORTS[name]?.() ?? "";
    expectHarmless(text);
    expect(text).toContain("hidden");
  },
);

test.each(["checks, github", "review, github"])("%s gives the commands that are ours, and no other", (name) => {
  const lines = (REPORTS[name]?.() ?? "").trimEnd().split("\n");
  for (const line of lines) {
    expect(line).toMatch(/^::(error|warning) [^:]*::[^:]/);
    expectHarmless(line.replace(/^::(error|warning) [^:]*::/, ""));
  }
});

test.each(["checks, markdown", "review, markdown"])("%s mentions nobody, and holds nothing but text", (name) => {
  const withoutCode = (REPORTS[name]?.() ?? "")
    .replaceAll("&#8203;", "\u200b")
    .replaceAll(/(`{3,})\n[\s\S]*?\n\1/g, "")
    .replaceAll(/(`+)[\s\S]*?\1/g, "");
  expect(withoutCode).not.toMatch(/(?<!\\)@\w|(?<!\w)#\d/);
  expect(withoutCode).not.toMatch(/&#64;|[^\\]<b|[^\\]\]\(|[^\\]~/);
});

test.each(["checks, json", "review, json"])("%s says the same all the same", (name) => {
  expect(JSON.stringify(JSON.parse(REPORTS[name]?.() ?? ""))).toContain(JSON.stringify(HOSTILE).slice(1, -1));
});

test("JUnit is XML that holds the text", () => {
  const text = REPORTS["checks, junit"]?.() ?? "";
  expect(text).not.toMatch(/<b>|&#64;/);
  expect(text).toContain("&amp;#64;team");
});

test("what Terraform and its commands print while a plan is applied is only shown, and recorded so", () => {
  const progress = new ApplyProgress(new Secrets(), () => true);
  const hook = { resource: { addr: "a.b" }, output: HOSTILE };
  progress.read({ type: "provision_start", "@message": HOSTILE, hook });
  const shown = [
    progress.read({ type: "provision_progress", "@message": HOSTILE, hook }),
    progress.read({ type: "apply_start", "@message": HOSTILE, hook }),
  ];
  progress.read({
    type: "diagnostic",
    "@message": HOSTILE,
    diagnostic: { severity: "error", summary: HOSTILE, detail: HOSTILE },
  });
  const { failed, checks } = progress.result;
  for (const text of [...shown, failed[0]?.error, ...(checks[0]?.output ?? [])]) {
    expect(text).toContain("e");
    expectHarmless(text ?? "");
  }
});

class Screen extends EventEmitter {
  text = "";
  readonly isTTY: boolean;
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  write(text: unknown, ...rest: unknown[]): boolean {
    this.text += text;
    for (const done of rest) if (typeof done === "function") done();
    return true;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("progress in a log is a line", async () => {
  const screen = new Screen(false);
  const progress = await startProgress(screen as unknown as NodeJS.WriteStream);
  progress.update("e", HOSTILE);
  expectHarmless(screen.text);
  expect(screen.text.trimEnd()).not.toContain("\n");
});

test.each([true, false])("what a program prints, and ends with, is only shown; on a terminal: %s", async (isTTY) => {
  const host = Object.assign(new EventEmitter(), {
    env: {},
    stdout: new Screen(isTTY),
    stderr: new Screen(isTTY),
    exit: vi.fn(),
  });
  const program = async () => {
    host.stdout.write(`${HOSTILE}\n`);
    throw new Stop("failed", HOSTILE);
  };
  runProgram(program, { name: "It" }, host as never);
  await vi.advanceTimersByTimeAsync(0);
  expect(host.exit).toHaveBeenCalledWith(1);
  for (const { text } of [host.stdout, host.stderr]) {
    expect(text).toContain("hidden");
    if (!isTTY) expectHarmless(text);
  }
  // A spinner of ours moves the cursor; nothing else is done to a terminal.
  for (const sequence of ["\u001b[2J", "\u001b[8m", "\u001b]"]) expect(host.stdout.text).not.toContain(sequence);
});
