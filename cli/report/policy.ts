import { policyRules } from "../../constructs/policy-rules.ts";

/** The rules of the policy as a page, from the rules themselves. */
export function formatPolicy(): string {
  const rules = policyRules.map(({ id, severity, what, why, remedy }) => [
    `## ${id}`,
    "",
    `**${what}** (${severity})`,
    "",
    why,
    "",
    remedy,
    "",
  ]);
  return [...INTRODUCTION, ...rules.flat()].join("\n");
}

const INTRODUCTION = [
  "# Policy",
  "",
  "<!-- Written by `npm run rules` from constructs/policy-rules.ts. -->",
  "",
  "Every synthesis holds each environment against these rules, before Terraform is called. A broken rule is an error,",
  "which stops the synthesis, or a warning, which stands in the review of the plan. Production is every environment whose",
  "name is `production` or `prod`, or begins with one of them and a hyphen; its file says otherwise with `production`.",
  "",
  "Where a rule does not hold for a good reason, the environment's file says so. Reviews count the exceptions and show",
  "their reasons, and an exception that is no longer needed is an error:",
  "",
  "```ts",
  'exceptions: [{ rule: "production-remote-state", reason: "…" }],',
  "```",
  "",
];
