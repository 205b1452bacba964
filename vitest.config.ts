import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/secret-scan.ts",
    setupFiles: "test/watch-secrets.ts",
    // Real servers, real Terraform and real builds: slow under load, and never to be hurried.
    testTimeout: 60_000,
    // One for each core: most tests wait for servers more than they work.
    maxWorkers: "100%",
    // Where other jobs may take the cores for a moment, what depends on time gets a second try.
    retry: process.env.CI ? 1 : 0,
    hookTimeout: 60_000,
  },
});
