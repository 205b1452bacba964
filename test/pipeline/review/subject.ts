/** What a plan in a test is reviewed for: nothing beside it matters. */
export const SUBJECT = {
  environment: "staging",
  mode: "change",
  digest: "0".repeat(64),
  paths: {},
  policy: { warnings: [], exceptions: [] },
  errors: [],
  others: [],
} as const;
