import { appendFileSync, mkdirSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { ReportRequest } from "../command-line.ts";
import type { Secrets } from "../secrets.ts";
import type { VerificationReport } from "../verification.ts";
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

/**
 * Writes every report that was asked for, masked. Synchronously: it may be the last thing that a process does before
 * its deadline, or while it crashes.
 */
export function writeReports(
  requests: readonly ReportRequest[],
  reports: readonly VerificationReport[],
  secrets: Secrets,
): void {
  // GitHub Actions shows what stands in this file on the run's own page.
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (summary) appendFileSync(summary, secrets.mask(renderMarkdown(reports)));
  for (const { format, file } of requests) {
    const text = secrets.mask(RENDERERS[format](reports));
    if (file === undefined) writeAll(STDOUT, text);
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, stripVTControlCharacters(text));
    }
  }
}

/** A pipe that nobody reads yet takes only so much at a time, and says so with an error. */
function writeAll(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    }
  }
}
