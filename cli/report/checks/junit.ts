import type { CheckResult, VerificationReport } from "../../../checks/report.ts";

/**
 * JUnit XML, as GitLab, Jenkins and others read it: an environment is a suite, a check is a case.
 *
 * What is unknown is an error, not a failure: the test did not get as far as a verdict. A warning is a passed case whose
 * output says what to look at.
 *
 * @see https://github.com/testmoapp/junitxml
 */
export function renderJunit(reports: readonly VerificationReport[]): string {
  const suites = reports.map(renderSuite).join("\n");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="render-redis">\n${suites}\n</testsuites>\n`;
}

function renderSuite({ environment, startedAt, durationMs, results }: VerificationReport): string {
  const counts = { failures: "fail", errors: "unknown", skipped: "skip" } as const;
  const totals = Object.entries(counts).map(([name, status]) => {
    return ` ${name}="${results.filter((result) => result.status === status).length}"`;
  });
  const head = `name="${escapeXml(environment)}" tests="${results.length}"${totals.join("")}`;
  const cases = results.map((result) => renderCase(environment, result)).join("\n");
  return `  <testsuite ${head} time="${seconds(durationMs)}" timestamp="${startedAt}">\n${cases}\n  </testsuite>`;
}

function renderCase(environment: string, result: CheckResult): string {
  const head = `classname="${escapeXml(environment)}" name="${escapeXml(result.id)}" time="${seconds(result.durationMs)}"`;
  return `    <testcase ${head}>${renderOutcome(result)}</testcase>`;
}

function renderOutcome(result: CheckResult): string {
  switch (result.status) {
    case "pass":
      return "";
    case "skip":
      return `<skipped message="${escapeXml(result.reason)}"/>`;
    case "unknown":
      return `<error message="${escapeXml(result.reason)}" type="unknown">${escapeXml(result.remedy)}</error>`;
    case "warn":
      return `<system-out>${escapeXml(`warning: ${result.evidence.actual}. ${result.remedy}`)}</system-out>`;
    case "fail": {
      const { expected, actual, source } = result.evidence;
      const text = `expected: ${expected}\nactual: ${actual}\nsource: ${source}\n${result.remedy}`;
      return `<failure message="${escapeXml(actual)}" type="fail">${escapeXml(text)}</failure>`;
    }
  }
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML has no way at all to write most control characters. */
function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
  const allowed = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
  return allowed.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
