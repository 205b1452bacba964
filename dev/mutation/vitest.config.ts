import { defineConfig } from "vitest/config";
import { ALL, DEPLOYS } from "../../vitest.config.ts";

export default defineConfig({
  test: {
    include: ALL,
    exclude: [
      ...DEPLOYS,
      // No changed line runs in these. They are about other code, start programs, or read the sources.
      "test/{dev,examples}/**",
      "test/{layers,lock,readme,runbook,words}.test.ts",
      "test/checks/faults.test.ts",
      "test/cli/{exit-codes,gone,program-process,verify,verify-secrets}.test.ts",
      "test/cli/bundle/launch.test.ts",
      "test/constructs/escape-template.test.ts",
      "test/steps/stuck.test.ts",
      "test/vantage/inside.test.ts",
    ],
    setupFiles: "test/watch-secrets.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // On a busy machine what depends on time gets more tries: one test that fails without any change would end the run.
    retry: 2,
  },
});
