import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Real servers and real Terraform share two cores: a file at a time keeps their timings meaningful.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
