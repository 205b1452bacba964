import { type CheckResult, subjectOf, type VerificationReport } from "../../../checks/report.ts";
import { xmlText } from "../../../runtime/text.ts";

/**
 * JUnit XML, as GitLab, Jenkins and others read it: an environment, or an instance or service of it, is a suite, a check is a case.
 *
 * What is unknown is an error, not a failure: the test did not get as far as a verdict. A warning is a passed case whose
 * output says what to look at.
 *
 * @see https://github.com/testmoapp/junitxml
 */
export function formatJunit(reports: readonly VerificationReport[]): string {
  const suites = reports.map(suiteOf).join("\n");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="render-redis">\n${suites}\n</testsuites>\n`;
}

function suiteOf(report: VerificationReport): string {
  const { startedAt, durationMs, results } = report;
  const subject = subjectOf(report);
  const counts = { failures: "fail", errors: "unknown", skipped: "skip" } as const;
  const totals = Object.entries(counts).map(([name, status]) => {
    return ` ${name}="${results.filter((result) => result.status === status).length}"`;
  });
  const head = `name="${xmlText(subject)}" tests="${results.length}"${totals.join("")}`;
  const cases = results.map((result) => caseOf(subject, result)).join("\n");
  return `  <testsuite ${head} time="${seconds(durationMs)}" timestamp="${startedAt}">\n${cases}\n  </testsuite>`;
}

function caseOf(subject: string, result: CheckResult): string {
  const head = `classname="${xmlText(subject)}" name="${xmlText(result.id)}" time="${seconds(result.durationMs)}"`;
  return `    <testcase ${head}>${outcomeOf(result)}</testcase>`;
}

function outcomeOf(result: CheckResult): string {
  switch (result.status) {
    case "pass":
      return "";
    case "skip":
      return `<skipped message="${xmlText(result.reason)}"/>`;
    case "unknown":
      return `<error message="${xmlText(result.reason)}" type="unknown">${xmlText(result.remedy)}</error>`;
    case "warn":
      return `<system-out>${xmlText(`warning: ${result.evidence.actual}. ${result.remedy}`)}</system-out>`;
    case "fail": {
      const { expected, actual, source } = result.evidence;
      const text = `expected: ${expected}\nactual: ${actual}\nsource: ${source}\n${result.remedy}`;
      return `<failure message="${xmlText(actual)}" type="fail">${xmlText(text)}</failure>`;
    }
  }
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
