import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { runApp } from "../../pipeline/synthesize.ts";
import { readStack } from "../../pipeline/synthesized-stack.ts";

const note = (path: string) => ({ "//": { metadata: { path, uniqueId: "x" } } });

test("a stack's Terraform says all that a review needs of it", () => {
  const directory = mkdtempSync(join(tmpdir(), "stack-"));
  const policy = { warnings: [{ rule: "not-open", message: "It is open." }], exceptions: [] };
  const terraform = {
    "//": { metadata: { version: "0.21.0" }, policy },
    resource: {
      render_keyvalue: { redis: { ...note("staging/redis/Default"), name: "redis" }, raw: { name: "raw" } },
      null_resource: { checks: note("staging/checks/Default") },
    },
    terraform: { backend: { local: { path: "x" } } },
  };
  writeFileSync(join(directory, "cdk.tf.json"), JSON.stringify(terraform));
  const readable = {
    resource: { render_keyvalue: { redis: { name: "redis" }, raw: { name: "raw" } }, null_resource: { checks: {} } },
    terraform: terraform.terraform,
  };
  expect(readStack("staging", directory)).toEqual({
    environment: "staging",
    directory,
    digest: createHash("sha256")
      .update(`${JSON.stringify(readable, null, 2)}\n`)
      .digest("hex"),
    variables: [],
    paths: {
      "render_keyvalue.redis": "staging/redis/Default",
      "null_resource.checks": "staging/checks/Default",
    },
    localState: join(directory, "x"),
    isEncrypted: false,
    policy,
    synthesized: {
      terraform: readable,
      workingDirectory: `\${path.root}/${relative(directory, join(import.meta.dirname, "../.."))}`,
    },
  });
  rmSync(directory, { recursive: true });
});

test("what is wrong with an environment is what the app prints", async () => {
  expect(await runApp(join(tmpdir(), "nowhere"), ["nowhere"])).toMatch(/^The environment must be one of .*nowhere"\.$/);
});
