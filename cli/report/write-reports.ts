import { appendFileSync, mkdirSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { VerificationReport } from "../../../checks/report.ts";
import type { Secrets } from "../../../runtime/secrets.ts";
import type { ReportRequest } from "../../verify-options.ts";
import { renderGithubAnnotations } from "./github-annotations.ts";
import { renderJson } from "./json.ts";
import { renderJunit } from "./junit.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderTable } from "./table.ts";

const RENDERERS = {
  table: renderTable,
  json: renderJson,
  junit: renderJunit,
  markdown: renderMarkdown,
  github: renderGithubAnnotations,
} as const;

const STDOUT = 1;
const PAUSE_MS = 10;

/**
 * Writes every report that was asked for, masked. Synchronously: it may be the last thing that a process does before
 * its deadline, or while it crashes.
 *
 * @param withinMs how long a reader of standard output may take.
 * @throws what the system says when a file, or standard output, does not take a report.
 */
export function writeReports(
  requests: readonly ReportRequest[],
  reports: readonly VerificationReport[],
  secrets: Secrets,
  withinMs: number,
): void {
  const until = performance.now() + withinMs;
  // GitHub Actions shows what stands in this file on the run's own page.
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (summary) appendFileSync(summary, secrets.mask(renderMarkdown(reports)));
  for (const { format, file } of requests) {
    const text = secrets.mask(RENDERERS[format](reports));
    if (file === undefined) writeToStdout(text, until);
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, stripVTControlCharacters(text));
    }
  }
}

/** A pipe whose reader lags behind takes only so much at a time, and says so with an error. */
function writeToStdout(text: string, until: number): void {
  // Node makes a pipe one that does not block when it is first looked at; before that, a write would wait for ever.
  void process.stdout;
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(STDOUT, rest));
    } catch (error) {
      const isFull = error instanceof Error && "code" in error && error.code === "EAGAIN";
      if (!isFull || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
