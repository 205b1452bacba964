import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type CheckResult, jsonReportSchema, type VerificationReport } from "../../../checks/report.ts";
import { formatGithub } from "../../../cli/report/checks/github.ts";
import { formatJunit } from "../../../cli/report/checks/junit.ts";
import { formatMarkdown } from "../../../cli/report/checks/markdown.ts";
import { formatJson } from "../../../cli/report/checks/reports.ts";
import { formatTable } from "../../../cli/report/checks/table.ts";

const about = (id: string) => ({ id, title: "A title", proves: "Something.", durationMs: 12 });
const evidence = { expected: "one | two", actual: '<"three"> & 100 %,\nfour', source: "INFO memory" };

const results: CheckResult[] = [
  { ...about("good"), status: "pass", evidence },
  { ...about("odd"), status: "warn", evidence, remedy: "Look at it." },
  { ...about("bad"), status: "fail", evidence, remedy: "Mend it." },
  { ...about("dark"), status: "unknown", reason: "no connection", remedy: "Connect." },
  { ...about("darker"), status: "unknown", reason: "no connection", remedy: "Connect." },
  { ...about("elsewhere"), status: "skip", reason: "not here" },
];

const report: VerificationReport = {
  environment: "production",
  instance: { id: "red-abc", name: "redis", region: "oregon", plan: "standard" },
  vantage: "inside",
  passedOver: [{ vantage: "external", reason: "the allow list is empty" }],
  startedAt: "2026-06-17T08:15:30.000Z",
  durationMs: 1_234,
  misconfigured: false,
  acceptUnknown: false,
  results,
};

test("the table", () => {
  expect(formatTable([report])).toMatchInlineSnapshot(`
    "production redis (red-abc, standard, oregon), seen from inside 1.2 s
      not external: the allow list is empty
      ✔ good       <"three"> & 100 %,
    four [INFO memory]
      ▲ odd        <"three"> & 100 %,
    four [INFO memory]
                   expected one | two
                   → Look at it.
      ✘ bad        <"three"> & 100 %,
    four [INFO memory]
                   expected one | two
                   → Mend it.
      ? 2 checks   no connection
                   dark, darker
                   → Connect.
      – elsewhere  not here

    failed: 1 failed, 2 unknown, 1 warned, 1 passed, 1 skipped
    "
  `);
});

test("the table of an environment without an instance, seen from nowhere", () => {
  const { instance, vantage, ...rest } = report;
  const bare = { ...rest, passedOver: [], results: results.slice(0, 1) };
  expect([instance?.id, vantage]).toEqual(["red-abc", "inside"]);
  expect(formatTable([bare]).split("\n")[0]).toBe("production 1.2 s");
  expect(formatTable([{ ...bare, vantage: "api-only" }]).split("\n")[0]).toBe("production 1.2 s");
});

test("the Markdown", () => {
  expect(formatMarkdown([report])).toMatchInlineSnapshot(`
    "## Redis verification: failed

    1 failed, 2 unknown, 1 warned, 1 passed, 1 skipped

    ### production – \`red-abc\`, standard, oregon, seen from inside

    Not external: the allow list is empty.

    | | check | expected | actual | what to do |
    |-|-|-|-|-|
    | ⚠️ | odd | one \\| two | \\<"three"\\> & 100 %, four | Look at it. |
    | ❌ | bad | one \\| two | \\<"three"\\> & 100 %, four | Mend it. |
    | ❔ | dark, darker |  | no connection | Connect. |

    <details><summary>1 passed, 1 not applicable</summary>

    | | check | expected | actual | what to do |
    |-|-|-|-|-|
    | ✅ | good | one \\| two | \\<"three"\\> & 100 %, four |  |
    | ➖ | elsewhere |  | not here |  |

    </details>
    "
  `);
});

test("the JUnit XML", () => {
  expect(formatJunit([report])).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="render-redis">
      <testsuite name="production" tests="6" failures="1" errors="2" skipped="1" time="1.234" timestamp="2026-06-17T08:15:30.000Z">
        <testcase classname="production" name="good" time="0.012"></testcase>
        <testcase classname="production" name="odd" time="0.012"><system-out>warning: &lt;&quot;three&quot;&gt; &amp; 100 %,
    four. Look at it.</system-out></testcase>
        <testcase classname="production" name="bad" time="0.012"><failure message="&lt;&quot;three&quot;&gt; &amp; 100 %,
    four" type="fail">expected: one | two
    actual: &lt;&quot;three&quot;&gt; &amp; 100 %,
    four
    source: INFO memory
    Mend it.</failure></testcase>
        <testcase classname="production" name="dark" time="0.012"><error message="no connection" type="unknown">Connect.</error></testcase>
        <testcase classname="production" name="darker" time="0.012"><error message="no connection" type="unknown">Connect.</error></testcase>
        <testcase classname="production" name="elsewhere" time="0.012"><skipped message="not here"/></testcase>
      </testsuite>
    </testsuites>
    "
  `);
});

test("the GitHub annotations", () => {
  expect(formatGithub([report])).toMatchInlineSnapshot(`
    "::warning title=production%3A odd::expected one | two, got <"three"> & 100 %25,%0Afour%0ALook at it.
    ::error title=production%3A bad::expected one | two, got <"three"> & 100 %25,%0Afour%0AMend it.
    ::error title=production%3A dark%2C darker::unknown: no connection%0AConnect.
    "
  `);
});

test("XML has no way to write control characters", () => {
  const odd: CheckResult = { ...about("odd"), status: "skip", reason: "a\u0000b\u001bc" };
  expect(formatJunit([{ ...report, results: [odd] }])).toContain('message="a\ufffdb\ufffdc"');
});

describe("the JSON", () => {
  test("keeps to its schema", () => {
    const json = JSON.parse(formatJson([report]));
    expect(jsonReportSchema.parse(json)).toEqual(json);
    expect(json).toMatchObject({ schemaVersion: 1, verdict: "failed", exitCode: 1 });
  });

  test("is a contract: another digest means another version", () => {
    const schema = JSON.stringify(z.toJSONSchema(jsonReportSchema));
    expect(createHash("sha256").update(schema).digest("hex")).toMatchInlineSnapshot(
      `"db4baf6d5c11af171acc80af3b55a4c7772762b59729d0a5f912df7850b00ce5"`,
    );
  });
});
