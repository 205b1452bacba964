import { describe, expect, test, vi } from "vitest";
import { formatGithub } from "../../../cli/report/review/github.ts";
import { formatMarkdown } from "../../../cli/report/review/markdown.ts";
import { formatJson } from "../../../cli/report/review/reports.ts";
import { formatTable } from "../../../cli/report/review/table.ts";
import { fingerprintLine, headline, nextStep, notesOf } from "../../../cli/report/review/view.ts";
import type { Review } from "../../../pipeline/review/review.ts";

// Which colour, in words.
vi.mock("../../../runtime/colors.ts", () => ({
  colors: new Proxy({}, { get: (_, colour) => (text: string) => `<${String(colour)}>${text}</>` }),
}));

const QUIET: Review = {
  environment: "staging",
  mode: "change",
  verdict: "no changes",
  findings: [],
  drift: [],
  changes: [],
  quiet: { attributes: 0, resources: [] },
  policy: { warnings: [], exceptions: [] },
  errors: [],
  terraform: "0".repeat(64),
};

const LOUD: Review = {
  ...QUIET,
  fingerprint: "f".repeat(64),
  shell: ["TF_DATA_DIR says *where*."],
  verdict: "needs acknowledgement",
  findings: [
    {
      kind: "data-loss",
      address: 'render_keyvalue.redis["a"]',
      path: "staging/redis",
      consequence: "It *loses* <data>.",
      causes: [
        { attribute: "region", before: "oregon", after: "ohio" },
        { attribute: "added", after: "`x`" },
        { attribute: "gone", before: "a\nb" },
      ],
      acknowledge: true,
    },
    { kind: "restart", address: "a.b", consequence: "It restarts, 100 %.", causes: [], acknowledge: false },
    { kind: "cost", address: "a.b", consequence: "$10 → $32 a month.", causes: [], acknowledge: false },
  ],
  drift: [{ kind: "exposure", address: "a.b", consequence: "It is open.", causes: [], acknowledge: false }],
  changes: [
    { address: "a.b", action: "replace", attributes: [{ attribute: "region", before: "oregon", after: "ohio" }] },
    { address: "a.b", deposed: true, action: "delete", attributes: [] },
    { address: "output.url", action: "update", attributes: [] },
  ],
  cost: { before: 10, after: 32 },
  quiet: { attributes: 1, resources: ["c.d", "e.f"] },
  policy: {
    warnings: [{ rule: "not-open", message: "It is open." }],
    exceptions: [{ rule: "one-region", reason: "Just because." }],
  },
};

const FAILED: Review = { ...QUIET, verdict: "failed", errors: ["No:\n  ```because```", "Not\u001b[31m either"] };

test("the table", () => {
  expect(formatTable([LOUD, QUIET, FAILED], new Date("2026-10-01"))).toMatchInlineSnapshot(`
    "<bold><red>staging: needs acknowledgement – data loss, restart, +$22 a month, changed outside Terraform</></>
      Apply it with: npm run apply -- staging --fingerprint ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff --ack 'data-loss:render_keyvalue.redis["a"]'
      fingerprint ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff

      <bold>Data loss</>
        It *loses* <data>.
          region: oregon → ohio
          added: nothing → \`x\`
          gone: a b → nothing
          <dim>staging/redis render_keyvalue.redis["a"]</>

      <bold>Restart</>
        It restarts, 100 %.
          <dim>a.b</>

      <bold>Cost</>
        $10 → $32 a month.
          <dim>a.b</>

      <bold>Changed outside Terraform</>
        It is open.
          <dim>a.b</>

      <bold>Policy</>
        warning not-open: It is open.
        exception 1 of 1, one-region: Just because.

      <bold>Decided by the shell</>
        TF_DATA_DIR says *where*.

      <dim>1 destroyed, 1 replaced. Hidden: 1 recomputed attribute, 2 no-ops (c.d, e.f)</>

    <bold><green>staging: no changes</></>

      <dim>no resource changes</>

    <bold><red>staging: cannot be planned</></>

      <red>No:</>
      <red> \`\`\`because\`\`\`</>

      <red>Not�[31m either</>
    "
  `);
});

test("the Markdown", () => {
  expect(formatMarkdown([LOUD, QUIET, FAILED], new Date("2026-10-01"))).toMatchInlineSnapshot(`
    "<!-- redis-plan-review -->
    ## 🔴 staging: needs acknowledgement – data loss, restart, +$22 a month, changed outside Terraform

    \`\`\`sh
    # Apply it with:
    npm run apply -- staging --fingerprint ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff --ack 'data-loss:render_keyvalue.redis["a"]'
    \`\`\`

    Fingerprint \`ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\`

    ### Data loss

    - **It \\*loses\\* \\<data\\>.**
      \`staging/redis\` · \`render_keyvalue.redis["a"]\`
      - \`region\`: \`oregon\` → \`ohio\`
      - \`added\`: nothing → \`\` \`x\` \`\`
      - \`gone\`: \`a b\` → nothing

    ### Restart

    - **It restarts, 100 %.**
      \`a.b\`

    ### Cost

    - **$10 → $32 a month.**
      \`a.b\`

    ### Changed outside Terraform

    - **It is open.**
      \`a.b\`

    ### Policy

    - warning not-open: It is open.
    - exception 1 of 1, one-region: Just because.

    ### Decided by the shell

    - TF\\_DATA\\_DIR says \\*where\\*.

    <details><summary>What Terraform does: 1 destroyed, 1 replaced. Hidden: 1 recomputed attribute, 2 no-ops (c.d, e.f)</summary>

    - \`a.b\` replace
      - \`region\`: \`oregon\` → \`ohio\`
    - \`a.b\` delete, left behind by an earlier apply
    - \`output.url\` update

    </details>

    ## 🟢 staging: no changes

    What Terraform does: no resource changes.

    ## ⛔ staging: cannot be planned

    \`\`\`\`
    No:
     \`\`\`because\`\`\`
    \`\`\`\`

    \`\`\`
    Not�[31m either
    \`\`\`

    "
  `);
});

test("the GitHub annotations", () => {
  expect(formatGithub([LOUD, QUIET, { ...FAILED, errors: ["No:\n100 %"] }])).toMatchInlineSnapshot(`
    "::error file=environments/staging.ts,title=staging%3A Data loss::It *loses* <data>.%0Aregion: oregon → ohio%0Aadded: nothing → \`x\`%0Agone: a%0Ab → nothing%0Arender_keyvalue.redis["a"]
    ::warning file=environments/staging.ts,title=staging%3A Restart::It restarts, 100 %25.%0Aa.b
    ::warning file=environments/staging.ts,title=staging%3A Changed outside Terraform::It is open.%0Aa.b
    ::error file=environments/staging.ts,title=staging%3A Cannot be planned::No:%0A100 %25
    "
  `);
});

test("the JSON", () => {
  const report = JSON.parse(formatJson([QUIET, LOUD]));
  expect(report).toMatchObject({ schemaVersion: 1, verdict: "needs acknowledgement", exitCode: 3 });
  expect(report.reviews).toMatchObject([QUIET, LOUD]);
  expect(report.reviews[1].fingerprint).toBe("f".repeat(64));
});

test("of a fingerprint without a key is said what it does not cover", () => {
  const [line = ""] = fingerprintLine({ ...LOUD, secretsByName: true });
  expect(line).toMatch(/^fingerprint f{64} \(of secrets only the names: before the first apply/);
  expect(formatMarkdown([{ ...LOUD, secretsByName: true }])).toContain("Fingerprint `ffff");
  expect(formatTable([FAILED])).not.toMatch(/fingerprint|no resource changes/);
});

test("what is installed, and prices of long ago", () => {
  const review = { ...LOUD, providers: { "registry.terraform.io/render-oss/render": "1.9.1" } };
  const notes = (day: string) => Object.fromEntries(notesOf(review, new Date(day)));
  expect(notes("2026-12-30")).toMatchObject({ Providers: ["render-oss/render 1.9.1"] });
  expect(notes("2026-12-30")).not.toHaveProperty("Prices");
  expect(notes("2027-03-01").Prices?.[0]).toContain("151 days old");
  const without = { ...review, findings: [] };
  expect(notesOf(without, new Date("2027-03-01")).map(([title]) => title)).not.toContain("Prices");
});

test("of 700 resources all that is waited for stands first and is never cut, nor is that of another environment", () => {
  const findings = Array.from({ length: 700 }, (_, index) => ({
    kind: "data-loss" as const,
    address: `render_postgres.database_${index}`,
    consequence: "It is destroyed.",
    causes: [],
    acknowledge: true,
  }));
  const review = { ...LOUD, findings, fingerprint: "1".repeat(64) };
  const other = { ...LOUD, environment: "production" };
  const text = formatMarkdown([review]);
  expect(Buffer.byteLength(text)).toBeLessThan(60_000);
  const both = formatMarkdown([review, other]);
  expect(Buffer.byteLength(both)).toBeLessThan(60_000);
  for (const page of [text, both]) expect(page).toContain("700 acknowledgements are needed");
  expect(both).toContain(`Fingerprint \`${"1".repeat(64)}\``);
  expect(both).toContain("npm run apply -- production");
  const [head = ""] = formatMarkdown([{ ...review, findings: findings.slice(0, 400) }]).split("### ");
  for (const { address } of findings.slice(0, 400)) expect(head).toContain(`--ack data-loss:${address}`);
  const table = formatTable([review]).split("<bold>Data loss");
  for (const { address } of findings) expect(table[0]).toContain(`--ack data-loss:${address}`);
});

describe("the headline", () => {
  test.each<[mode: Review["mode"], review: Partial<Review>, text: string]>([
    ["change", {}, "staging: no changes"],
    ["change", LOUD, "staging: needs acknowledgement – data loss, restart, +$22 a month, changed outside Terraform"],
    ["change", { ...LOUD, cost: undefined, drift: [] }, "staging: needs acknowledgement – data loss, restart, cost"],
    [
      "change",
      {
        verdict: "changes",
        findings: (["behaviour", "checks", "bookkeeping"] as const).map((kind) => ({
          kind,
          address: "a.b",
          consequence: "x",
          causes: [],
          acknowledge: false,
        })),
      },
      "staging: changes – behaviour",
    ],
    ["destroy", { verdict: "changes" }, "staging: destroys everything"],
    ["refresh-only", { ...LOUD, verdict: "changes" }, "staging: changed outside Terraform – exposure"],
    ["refresh-only", {}, "staging: no drift"],
  ])("of %s", (mode, review, text) => {
    expect(headline({ ...QUIET, ...review, mode })).toBe(text);
  });
});

test.each<[review: Partial<Review>, command: string | undefined]>([
  [{}, undefined],
  [{ verdict: "failed" }, undefined],
  [{ verdict: "changes" }, "Apply it with: npm run apply -- staging"],
  [{ verdict: "changes", mode: "refresh-only" }, undefined],
  [
    LOUD,
    `Apply it with: npm run apply -- staging --fingerprint ${"f".repeat(64)} --ack 'data-loss:render_keyvalue.redis["a"]'`,
  ],
  [
    { ...LOUD, findings: [...LOUD.findings, { ...LOUD.findings[0], kind: "refused" } as Review["findings"][0]] },
    "Render would refuse it. Change that, then plan again: npm run plan -- staging",
  ],
])("what comes next", (review, command) => {
  expect(nextStep({ ...QUIET, ...review })).toBe(command);
});
