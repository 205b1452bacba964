import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Real servers, real Terraform and real builds: slow under load, and never to be hurried.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
