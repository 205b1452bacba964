import { defineConfig } from "vitest/config";
import { ALL, DEPLOYS } from "../../vitest.config.ts";

export default defineConfig({
  test: {
    include: ALL,
    // No changed line runs in these: they are about other code, or they start programs.
    exclude: [...DEPLOYS, "test/dev/**", "test/examples/**", "test/checks/faults.test.ts", "test/cli/bundle/**"],
    setupFiles: "test/watch-secrets.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
