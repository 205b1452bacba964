/** Stryker tries each mutant of the sample with the tests that reach it, of those that need no server and no Terraform. */
export default {
  plugins: ["@stryker-mutator/vitest-runner", "./dev/mutation/sample.mjs"],
  checkers: ["sample"],
  testRunner: "vitest",
  // Programs are imported by their path, which no import of a test shows.
  vitest: { configFile: "dev/mutation/vitest.config.ts", related: false },
  // Texts on the screen are held by eye and by snapshots.
  mutator: { excludedMutations: ["StringLiteral"] },
  concurrency: 2,
  // For a machine that does other things meanwhile.
  dryRunTimeoutMinutes: 30,
  timeoutMS: 15_000,
  tempDirName: ".tmp/mutation",
  ignorePatterns: [".tmp", ".local", "cdktf.out", "dist"],
  reporters: ["json"],
  jsonReporter: { fileName: ".tmp/mutation.json" },
  // It would be rewritten by a function that this version of TypeScript does not have.
  tsconfigFile: "none",
  allowEmpty: true,
};
