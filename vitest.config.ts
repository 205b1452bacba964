import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take minutes begin first, so that no core waits for the last of them. */
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification) => /\/test\/(e2e|local\/drills)\//.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/secret-scan.ts",
    setupFiles: "test/watch-secrets.ts",
    // Real servers, real Terraform and real builds: slow under load, and never to be hurried.
    testTimeout: 60_000,
    // One for each core: most tests wait for servers more than they work.
    maxWorkers: "100%",
    sequence: { sequencer: SlowestFirst },
    // Where other jobs may take the cores for a moment, what depends on time gets a second try.
    retry: process.env.CI ? 1 : 0,
    hookTimeout: 60_000,
  },
});
