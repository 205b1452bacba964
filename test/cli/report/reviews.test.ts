import { describe, expect, test, vi } from "vitest";
import { formatGithub } from "../../../cli/report/review/github.ts";
import { formatMarkdown } from "../../../cli/report/review/markdown.ts";
import { formatJson } from "../../../cli/report/review/reports.ts";
import { formatTable } from "../../../cli/report/review/table.ts";
import { headline, headOf, nextStep, notesOf, sectionsOf } from "../../../cli/report/review/view.ts";
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
  expect(formatTable([LOUD, QUIET, FAILED], new Date("2026-10-01"), {})).toMatchInlineSnapshot(`
    "<bold><red>staging: needs acknowledgement – data loss, restart, +$22 a month, changed outside Terraform</></>
    <bold><green>staging: no changes</></>
    <bold><red>staging: cannot be planned</></>

    <bold><red>staging: needs acknowledgement – data loss, restart, +$22 a month, changed outside Terraform</></>
    <dim>  fingerprint ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff</>
      Apply it with:
        npm run apply -- staging --fingerprint ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff --ack 'data-loss:render_keyvalue.redis["a"]'

    <bold>  a.b: is replaced</>
        region  oregon → ohio

    <bold>  a.b: is destroyed</>

      <bold>Data loss</>
        It *loses* <data>.
          region: oregon → ohio
          added: nothing → \`x\`
          gone: a b → nothing
    <dim>      staging/redis render_keyvalue.redis["a"]</>

      <bold>Restart</>
        It restarts, 100 %.
    <dim>      a.b</>

      <bold>Cost</>
        $10 → $32 a month.
    <dim>      a.b</>

      <bold>Changed outside Terraform</>
        It is open.
    <dim>      a.b</>

      <bold>Policy</>
        warning not-open: It is open.
        exception 1 of 1, one-region: Just because.

      <bold>Decided by the shell</>
        TF_DATA_DIR says *where*.

    <dim>  1 destroyed, 1 replaced. Hidden: 1 recomputed attribute, 2 no-ops (c.d, e.f)</>

    <bold><green>staging: no changes</></>

    <dim>  no resource changes</>

    <bold><red>staging: cannot be planned</></>

    <red>  No:</>
    <red>   \`\`\`because\`\`\`</>

    <red>  Not�[31m either</>
    "
  `);
});

test("the Markdown", () => {
  expect(formatMarkdown([LOUD, QUIET, FAILED], new Date("2026-10-01"), {})).toMatchInlineSnapshot(`
    "<!-- redis-plan-review staging staging staging -->

    | environment | verdict | what | Terraform |
    |-|-|-|-|
    | 🔴 staging | needs acknowledgement | data loss, restart, +$22 a month, changed outside Terraform | 1 destroyed, 1 replaced. Hidden: 1 recomputed attribute, 2 no-ops (c.d, e.f) |
    | 🟢 staging | no changes |  | no resource changes |
    | ⛔ staging | cannot be planned |  |  |

    ## 🔴 staging: needs acknowledgement – data loss, restart, +$22 a month, changed outside Terraform

    - fingerprint \`ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\`

    Apply it with:

    \`\`\`
    npm run apply -- staging --fingerprint ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff --ack 'data-loss:render_keyvalue.redis["a"]'
    \`\`\`

    | what | before | after |
    |-|-|-|
    | \`a.b\` | exists | is replaced |
    | \`a.b\` \`region\` | oregon | ohio |
    | \`a.b\` | left behind by an earlier apply | is destroyed |

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
  const line = headOf({ ...LOUD, secretsByName: true }).at(-1)?.text;
  expect(line).toMatch(/^f{64} \(of secrets only the names: before the first apply/);
  expect(formatMarkdown([{ ...LOUD, secretsByName: true }])).toContain("- fingerprint `ffff");
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
  const text = formatMarkdown([review], new Date(), {});
  expect(Buffer.byteLength(text)).toBeLessThan(60_000);
  const both = formatMarkdown([review, other], new Date(), {});
  expect(Buffer.byteLength(both)).toBeLessThan(60_000);
  for (const page of [text, both]) expect(page).toContain("700 acknowledgements are needed");
  expect(both).toContain(`- fingerprint \`${"1".repeat(64)}\``);
  expect(both).toContain("npm run apply -- production");
  const [head = ""] = formatMarkdown([{ ...review, findings: findings.slice(0, 400) }], new Date(), {}).split("### ");
  for (const { address } of findings.slice(0, 400)) expect(head).toContain(`--ack data-loss:${address}`);
  const table = formatTable([review], new Date(), {}).split("<bold>Data loss");
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

const TOKEN = 'data-loss:render_keyvalue.redis["a"]';
const REFUSED: Partial<Review> = {
  ...LOUD,
  findings: [...LOUD.findings, { ...LOUD.findings[0], kind: "refused" } as Review["findings"][0]],
};
const [HUB, HUB_RUN] = [{ GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "pull_request" }, { GITHUB_ACTIONS: "true" }];
const [LAB, LAB_RUN] = [{ GITLAB_CI: "true", CI_MERGE_REQUEST_IID: "7" }, { GITLAB_CI: "true" }];

test.each<[env: NodeJS.ProcessEnv, review: Partial<Review>, says: RegExp | undefined, types?: string]>([
  [{}, {}, undefined],
  [{}, { verdict: "failed" }, undefined],
  [{}, { verdict: "changes", mode: "refresh-only" }, undefined],
  [{}, { verdict: "changes" }, /^Apply it with:$/, "npm run apply -- staging"],
  [{}, LOUD, /^Apply/, `npm run apply -- staging --fingerprint ${"f".repeat(64)} --ack '${TOKEN}'`],
  [{}, REFUSED, /^Render would refuse it/, "npm run plan -- staging"],
  [HUB, { verdict: "changes" }, /^Next: merge it\. The workflow Apply then applies this plan/],
  [HUB, LOUD, /^Next: merge it, then start the workflow Apply by hand\..* acknowledge/, TOKEN],
  [HUB, REFUSED, /push again\.$/],
  [HUB, {}, undefined],
  [HUB_RUN, { verdict: "changes" }, /reviewers of the environment approve/],
  [HUB_RUN, LOUD, /start this workflow by hand/, TOKEN],
  [LAB, { verdict: "changes" }, /^Next: merge it, then start the job apply/],
  [LAB, LOUD, /variable ACKNOWLEDGE/, TOKEN],
  [LAB_RUN, { verdict: "changes" }, /^Next: start the job apply/],
  [LAB_RUN, LOUD, /variable ACKNOWLEDGE/, TOKEN],
])("in %j what comes next is said for whoever reads it there", (env, review, says, types) => {
  const next = nextStep({ ...QUIET, ...review }, env);
  expect(next?.types).toBe(types);
  if (says === undefined) expect(next).toBeUndefined();
  else expect(next?.says).toMatch(says);
  if (env !== HUB && env !== LAB) return;
  for (const text of [formatMarkdown, formatTable].map((format) => format([{ ...QUIET, ...review }], new Date(), env)))
    expect(text).not.toContain("npm run");
});

const WHERE: Review["where"] = {
  host: "https://api.render.com/v1",
  places: [
    { what: "workspace", id: "tea-1", name: "Ours" },
    { what: "instance", id: "red-1", name: "que*es", url: "https://dashboard.render.com/r/red-1" },
    { what: "instance", name: "cache" },
    { what: "service", id: "srv-1", name: "api", url: "javascript:alert(1)" },
    { what: "service", id: "srv-2" },
  ],
};
const COMMIT = { sha: "0123456789abcdef0123456789abcdef01234567", author: "Jane [Doe]" };

test("the head says where, of which commit, and with which fingerprint", () => {
  const review: Review = { ...LOUD, where: WHERE, commit: { ...COMMIT, dirty: true } };
  expect(formatMarkdown([review], new Date("2026-10-01"), {}).split("\n\n")[1]).toMatchInlineSnapshot(`
    "- workspace Ours (tea-1) at https://api.render.com/v1
    - instance [que\\*es (red-1)](https://dashboard.render.com/r/red-1)
    - instance cache (new)
    - service api (srv-1)
    - service srv-2 (not found)
    - commit 0123456789 by Jane \\[Doe\\], with changes that are not committed
    - fingerprint \`ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\`"
  `);
  expect(formatTable([review], new Date("2026-10-01"), {}).split("\n").slice(1, 8)).toMatchInlineSnapshot(`
    [
      "<dim>  workspace   Ours (tea-1) at https://api.render.com/v1</>",
      "<dim>  instance    que*es (red-1)  https://dashboard.render.com/r/red-1</>",
      "<dim>  instance    cache (new)</>",
      "<dim>  service     api (srv-1)  javascript:alert(1)</>",
      "<dim>  service     srv-2 (not found)</>",
      "<dim>  commit      0123456789 by Jane [Doe], with changes that are not committed</>",
      "<dim>  fingerprint ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff</>",
    ]
  `);
  const unknown = { ...LOUD, where: { unknown: "Render could not be asked: 403" } };
  expect(formatTable([unknown])).toContain("applied to  not known: Render could not be asked: 403");
});

const step = (address: string, kind: "checks" | "redeploy" = "checks") => ({
  ...{ kind, address, consequence: "Runs the checks.", causes: [], acknowledge: false },
});

test("the same sentence of several resources stands once, with all of them", () => {
  const findings = [
    step("a.x"),
    step("a.y"),
    { ...step("a.y"), causes: [{ attribute: "q", after: "1" }] },
    step("a.x"),
  ];
  const [[, items] = ["", []]] = sectionsOf({ ...LOUD, findings, drift: [] });
  expect(items.map(({ places }) => places.map(({ address }) => address))).toEqual([["a.x", "a.y"], ["a.y"]]);
  for (const text of [formatMarkdown, formatTable].map((format) =>
    format([{ ...QUIET, findings: findings.slice(0, 2) }]),
  ))
    expect(text.match(/Runs the checks/g)).toHaveLength(1);
});

test("before and after stand in one table, with what is made, replaced and destroyed", () => {
  const changes: Review["changes"] = [
    {
      address: "null_resource.redis_checks",
      action: "create",
      attributes: [{ attribute: "triggers.plan", after: "x" }],
    },
    {
      address: "render_keyvalue.new",
      action: "create",
      attributes: [
        { attribute: "id", after: "(known after apply)" },
        { attribute: "plan", after: "starter" },
      ],
    },
    { address: "render_keyvalue.old", deposed: true, action: "delete", attributes: [] },
    {
      address: "render_keyvalue.q",
      action: "update",
      attributes: [{ attribute: "plan", before: "a|b", after: "pro" }],
    },
    { address: "render_keyvalue.r", action: "replace", attributes: [{ attribute: "region", before: "x", after: "y" }] },
  ];
  const findings: Review["findings"] = [
    { ...step("render_keyvalue.q", "redeploy"), causes: [{ attribute: "plan", before: "a|b", after: "pro" }] },
  ];
  const review = { ...QUIET, changes, findings };
  const [table = ""] = /\| what [\s\S]*?\n\n/.exec(formatMarkdown([review])) ?? [];
  expect(table).toMatchInlineSnapshot(`
    "| what | before | after |
    |-|-|-|
    | \`render_keyvalue.new\` | – | is created |
    | \`render_keyvalue.new\` \`plan\` | – | starter |
    | \`render_keyvalue.old\` | left behind by an earlier apply | is destroyed |
    | \`render_keyvalue.q\` \`plan\` | a\\|b | pro |
    | \`render_keyvalue.r\` | exists | is replaced |
    | \`render_keyvalue.r\` \`region\` | x | y |

    "
  `);
  expect(sectionsOf(review)[0]?.[1][0]?.causes).toEqual([]);
});

test("of several environments a table comes first, and the marker names them", () => {
  const reviews = [LOUD, { ...QUIET, environment: "production" }, { ...FAILED, environment: "local" }];
  const [first, , ...rest] = formatMarkdown(reviews).split("\n");
  expect(first).toBe("<!-- redis-plan-review local production staging -->");
  expect(rest.slice(0, 5)).toMatchInlineSnapshot(`
    [
      "| environment | verdict | what | Terraform |",
      "|-|-|-|-|",
      "| 🔴 staging | needs acknowledgement | data loss, restart, +$22 a month, changed outside Terraform | 1 destroyed, 1 replaced. Hidden: 1 recomputed attribute, 2 no-ops (c.d, e.f) |",
      "| 🟢 production | no changes |  | no resource changes |",
      "| ⛔ local | cannot be planned |  |  |",
    ]
  `);
  expect(formatMarkdown([QUIET])).toMatch(/^<!-- redis-plan-review staging -->\n## /);
});

test("at 80 columns lines end between words, and what is typed stays whole", () => {
  const long =
    "Irreversible: a new, empty instance replaces this one, which loses data and gives a new URL, as it was said.";
  const findings = [{ ...LOUD.findings[0], consequence: long } as Review["findings"][0], step("a.b")];
  const text = formatTable([{ ...LOUD, findings, where: WHERE, errors: [long] }], new Date(), {}, 80);
  const lines = text.replaceAll(/<\/?\w*>/g, "").split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([
    `    npm run apply -- staging --fingerprint ${"f".repeat(64)} --ack '${TOKEN}'`,
  ]);
  expect(text.replaceAll(/\s+/g, " ")).toContain(long);
});
