import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { type CheckResult, jsonReportSchema, type VerificationReport } from "../../../checks/report.ts";
import { formatGithub } from "../../../cli/report/checks/github.ts";
import { formatJunit } from "../../../cli/report/checks/junit.ts";
import { formatMarkdown } from "../../../cli/report/checks/markdown.ts";
import { formatJson } from "../../../cli/report/checks/reports.ts";
import { formatTable } from "../../../cli/report/checks/table.ts";
import { formatPreflight } from "../../../cli/report-preflight.ts";

// Which colour, in words.
vi.mock("../../../runtime/colors.ts", () => ({
  colors: new Proxy({}, { get: (_, colour) => (text: string) => `<${String(colour)}>${text}</>` }),
}));

const about = (id: string) => ({ id, title: "A title", proves: "Something.", durationMs: 12 });
const evidence = { expected: "one | two", actual: '<"three"> & 100 %,\nfour', source: "INFO memory" };

const UNKNOWN = { status: "unknown", reason: "no connection", remedy: `See ${"x".repeat(90)}.` } as const;

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
    "<bold>production</> redis (red-abc, standard, oregon), seen from inside <dim>1.2 s</>
    <dim>  not external: the allow list is empty</>
      <green>✔</> good       <"three"> & 100 %, four <dim>[INFO memory]</>
      <yellow>▲</> odd        <"three"> & 100 %, four <dim>[INFO memory]</>
                   expected one | two
                   <cyan>→</> Look at it.
      <red>✘</> bad        <"three"> & 100 %, four <dim>[INFO memory]</>
                   expected one | two
                   <cyan>→</> Mend it.
      <magenta>?</> 2 checks   no connection
    <dim>               dark, darker</>
                   <cyan>→</> Connect.
    <dim>  <dim>–</> elsewhere  not here</>

    <red>failed: 1 failed, 2 unknown, 1 warned, 1 passed, 1 skipped</>
    "
  `);
});

test("the table of environments that need less: how it ended, in its colour, and long texts in lines", () => {
  const { instance: _, vantage: __, ...rest } = { ...report, passedOver: [] };
  const dark: CheckResult = {
    ...about("dark"),
    status: "unknown",
    evidence,
    reason: "late",
    remedy: "Wait. ".repeat(20),
  };
  const same = Array.from({ length: 20 }, (_none, index): CheckResult => ({ ...about(`check-${index}`), ...UNKNOWN }));
  expect(formatTable([{ ...rest, results: results.slice(0, 1) }])).toMatchInlineSnapshot(`
    "<bold>production</> <dim>1.2 s</>
      <green>✔</> good  <"three"> & 100 %, four <dim>[INFO memory]</>

    <green>good: 1 passed</>
    "
  `);
  expect(formatTable([{ ...rest, vantage: "api-only", results: [dark, ...same] }])).toMatchInlineSnapshot(`
    "<bold>production</> <dim>1.2 s</>
      <magenta>?</> dark      late
                  expected one | two
                  <cyan>→</> Wait. Wait. Wait. Wait. Wait. Wait. Wait. Wait. Wait. Wait. Wait. Wait. Wait. Wait.
                    Wait. Wait. Wait. Wait. Wait. Wait.
      <magenta>?</> 20 checks  no connection
    <dim>              check-0, check-1, check-2, check-3, check-4, check-5, check-6, check-7, check-8,</>
    <dim>              check-9, check-10, check-11, check-12, check-13, check-14, check-15, check-16,</>
    <dim>              check-17, check-18, check-19</>
                  <cyan>→</> See
                    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.

    <magenta>not established: 21 unknown</>
    "
  `);
});

test("at 80 columns lines end between words, under the check that they are of", () => {
  const long = "was 1 MB of 25 MB, which is far more than anybody would have thought of such a small Redis";
  const wide: CheckResult = { ...about("wide"), status: "pass", evidence: { ...evidence, actual: long } };
  const lines = formatTable([{ ...report, passedOver: [], results: [wide] }], 80)
    .replaceAll(/<\/?\w*>/g, "")
    .split("\n");
  expect(lines.slice(1, 3)).toEqual([
    "  ✔ wide  was 1 MB of 25 MB, which is far more than anybody would have thought",
    "          of such a small Redis [INFO memory]",
  ]);
});

test("a warning is not good", () => {
  const warned = { ...about("w"), status: "warn", evidence, remedy: "Look." } as const;
  expect(formatTable([{ ...report, results: [warned] }])).toContain("<yellow>warned: 1 warned</>");
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

test("the Markdown of less: nothing to fold, or nothing else; what is unknown and was seen", () => {
  const { instance: _, vantage: __, ...rest } = { ...report, passedOver: [] };
  const dark: CheckResult = { ...about("dark"), status: "unknown", evidence, reason: "late", remedy: "Wait." };
  const markdown = formatMarkdown([
    { ...rest, environment: "a_b", results: [dark] },
    { ...rest, results: results.slice(0, 1) },
  ]);
  expect(markdown).toMatchInlineSnapshot(`
    "## Redis verification: not established

    1 unknown, 1 passed

    ### a\\_b

    | | check | expected | actual | what to do |
    |-|-|-|-|-|
    | ❔ | dark | one \\| two | late | Wait. |

    ### production

    <details><summary>1 passed</summary>

    | | check | expected | actual | what to do |
    |-|-|-|-|-|
    | ✅ | good | one \\| two | \\<"three"\\> & 100 %, four |  |

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

test("what preflight says", () => {
  const [good, refusal] = [
    { title: "one", refusals: [] },
    { reason: "It is not.", remedy: "Make it." },
  ];
  const skipped = { title: "two", refusals: [], skipped: "it is free" };
  expect(formatPreflight("staging", "workspace tea-1", [good, skipped])).toMatchInlineSnapshot(`
    "<bold>Preflight for staging</>
      <dim>workspace tea-1</>
      <green>✔</> one
      <dim>- two: does not apply, it is free</>
    <green>a deploy can begin</>
    "
  `);
  const refused = { title: "three", refusals: [refusal, refusal] };
  expect(
    formatPreflight("staging", "workspace tea-1", [refused, { ...refused, refusals: [refusal] }]),
  ).toMatchInlineSnapshot(`
    "<bold>Preflight for staging</>
      <dim>workspace tea-1</>
      <red>✘</> three
          It is not.
          <cyan>→</> Make it.
          It is not.
          <cyan>→</> Make it.
      <red>✘</> three
          It is not.
          <cyan>→</> Make it.
    <red>refused: 3 reasons; nothing was changed</>
    "
  `);
  expect(formatPreflight("staging", "workspace tea-1", [{ ...refused, refusals: [refusal] }])).toContain(
    "refused: 1 reason; nothing",
  );
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
      `"ec52e5e6d94be4ae5b9cd2c014137dd33775cee719b68d47689ac8ff1825ffba"`,
    );
  });
});
