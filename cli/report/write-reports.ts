import { appendFileSync, mkdirSync, writeFileSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { InvalidValue, nearest, Stop } from "../../runtime/errors.ts";
import type { Secrets } from "../../runtime/secrets.ts";

/** The formats in which something can be reported, by their names on the command line. */
export type Formats<Subject, Format extends string> = Readonly<
  Record<Format | "markdown", (subject: Subject) => string>
>;

/** A requested report; without a file it goes to standard output. */
export interface ReportRequest<Format extends string> {
  readonly format: Format;
  readonly file: string | undefined;
}

const STDOUT = 1;
const PAUSE_MS = 10;

/**
 * Reads `<format>` or `<format>=<file>`.
 *
 * @throws InvalidValue
 */
export function readReport<Format extends string>(formats: Formats<never, Format>, text: string) {
  const [name = "", ...rest] = text.split("=");
  const names = Object.keys(formats) as Format[];
  const format = names.find((known) => known === name);
  const file = rest.length === 0 ? undefined : rest.join("=");
  if (format !== undefined && file !== "") return { format, file };
  const like = format === undefined ? nearest(name, names) : undefined;
  const hint = like === undefined ? undefined : `Did you mean "${like}"?`;
  throw new InvalidValue(`must be one of ${names.join(", ")}, with =<file> if wanted`, text, hint);
}

/**
 * Writes every requested report, masked. Synchronously: it may be the last thing that a process does before
 * its deadline, or while it crashes.
 *
 * @param withinMs How long a reader of standard output may take. Default: as long as it likes.
 * @throws Stop when a file, or standard output, does not take a report.
 */
export function writeReports<Subject, Format extends string>(
  formats: Formats<Subject, Format>,
  requests: readonly ReportRequest<Format>[],
  subject: Subject,
  secrets: Secrets,
  withinMs = Number.POSITIVE_INFINITY,
): void {
  const until = performance.now() + withinMs;
  try {
    // GitHub Actions shows what stands in this file on the run's own page.
    const summary = process.env.GITHUB_STEP_SUMMARY;
    if (summary) appendFileSync(summary, secrets.mask(formats.markdown(subject)));
    for (const { format, file } of requests) {
      const text = secrets.mask(formats[format](subject));
      if (file === undefined) writeToStdout(text, until);
      else {
        const path = fromWhereThePersonStands(file);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, stripVTControlCharacters(text));
      }
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const files = requests.map(({ file }) => file ?? "-").join(", ");
    throw new Stop("misused", `A report could not be written (${String(error.code)}): ${files}`);
  }
}

/** npm runs a script in the package's directory, wherever it was called, and says where that was. */
function fromWhereThePersonStands(file: string): string {
  const { INIT_CWD, npm_package_json = "" } = process.env;
  const isRunByNpm = INIT_CWD !== undefined && dirname(npm_package_json) === process.cwd();
  return isRunByNpm ? resolve(INIT_CWD, file) : file;
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
