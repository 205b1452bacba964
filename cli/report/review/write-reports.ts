import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Review } from "../../../pipeline/review/review.ts";
import { notOneOf } from "../../../runtime/errors.ts";
import { renderGithubAnnotations } from "./github-annotations.ts";
import { renderJson } from "./json.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderTable } from "./table.ts";

const RENDERERS = {
  table: renderTable,
  markdown: renderMarkdown,
  json: renderJson,
  github: renderGithubAnnotations,
} as const;

/** A report that was asked for; without a file it goes to standard output. */
export interface ReportRequest {
  readonly format: keyof typeof RENDERERS;
  readonly file: string | undefined;
}

/**
 * Reads `<format>` or `<format>=<file>`.
 *
 * @throws InvalidValue
 */
export function readReport(text: string): ReportRequest {
  const [name = "", ...rest] = text.split("=");
  const formats = Object.keys(RENDERERS) as (keyof typeof RENDERERS)[];
  const format = formats.find((known) => known === name);
  if (format === undefined) throw notOneOf(formats, name);
  return { format, file: rest.length === 0 ? undefined : rest.join("=") };
}

export function writeReports(requests: readonly ReportRequest[], reviews: readonly Review[]): void {
  // GitHub Actions shows what stands in this file on the run's own page.
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (summary) appendFileSync(summary, renderMarkdown(reviews));
  for (const { format, file } of requests) {
    const text = RENDERERS[format](reviews);
    if (file === undefined) process.stdout.write(text);
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}
