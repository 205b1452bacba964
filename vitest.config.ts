import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Tests that run Terraform. */
export const DEPLOYS = [
  "test/e2e/**/*.test.ts",
  "test/dev/drills/drills.test.ts",
  "test/dev/terraform-provider/{env-group,keyvalue,null-resource,provider,schema}.test.ts",
  "test/pipeline/{apply,reviews,s3-state,state,workflows}.test.ts",
  "test/cli/synth.test.ts",
  "test/render/state-in-apply.test.ts",
];

/** Tests that start a server, or a program that takes seconds. */
export const SERVERS = [
  "test/checks/**/{experiments,faults,libraries,proxy,try-libraries}.test.ts",
  "test/cli/{backup,exit-codes,gone,help,program-process,step,verify,verify-secrets,watch}.test.ts",
  "test/build.test.ts",
  "test/constructs/render/escape-template.test.ts",
  "test/dev/doctor/**/*.test.ts",
  "test/dev/emulator/**/*.test.ts",
  "test/dev/rehearsal.test.ts",
  "test/dev/terraform-provider/server.test.ts",
  "test/examples/backend/{http,redis}.test.ts",
  "test/operations/{backup,copy,live}*.test.ts",
  "test/operations/{baseline,inspect,inspect-command,keys,many-samples,promtool,watch}.test.ts",
  "test/pipeline/{gitlab,workflow-steps}.test.ts",
  "test/readme.test.ts",
  "test/render/api/client.test.ts",
  "test/runtime/http.test.ts",
  "test/steps/{drain,hand-over,roll-out,stuck}.test.ts",
  "test/vantage/{inside,interpreters,look}.test.ts",
];

export const ALL = ["test/**/*.test.ts"];

/** These take minutes and begin first, so that no core waits for the last of them. The longest comes first. */
const SLOW = ["backend", "drills", "apply", "workflows", "lifecycle", "failures", "demo", "cdktf", "reviews", "faults"];

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) => {
      const slow = SLOW.findIndex((name) => project.name !== "unit" && moduleId.endsWith(`/${name}.test.ts`));
      return slow === -1 ? SLOW.length : slow;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    globalSetup: ["test/build.ts", "test/secret-scan.ts"],
    setupFiles: ["test/watch-secrets.ts", "test/end-children.ts"],
    // Real servers, real Terraform and real builds: slow under load, and never to be hurried.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // One for each core: most tests wait for servers more than they work.
    maxWorkers: "100%",
    sequence: { sequencer: SlowestFirst },
    // Where other jobs may take the cores for a moment, what depends on time gets a second try.
    retry: process.env.CI ? 1 : 0,
    projects: [
      { extends: true, test: { name: "unit", include: ALL, exclude: [...SERVERS, ...DEPLOYS] } },
      { extends: true, test: { name: "servers", include: SERVERS } },
      { extends: true, test: { name: "deploys", include: DEPLOYS } },
    ],
  },
});
