import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { refuseUnreviewed } from "../../pipeline/before-planning.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "before-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function put(file: string, content: string | object): void {
  mkdirSync(dirname(join(directory, file)), { recursive: true });
  writeFileSync(join(directory, file), typeof content === "string" ? content : JSON.stringify(content));
}

const OURS = {
  terraform: { required_providers: { render: { source: "render-oss/render" }, null: { source: "null" } } },
  resource: { render_keyvalue: { redis: {} }, null_resource: { preflight: {} } },
};
const lock = (address: string) => `provider "${address}" {\n  version = "1.0.0"\n}\n`;

test("what is ours is planned", () => {
  put("cdk.tf.json", OURS);
  put(
    ".terraform.lock.hcl",
    lock("registry.opentofu.org/hashicorp/null") + lock("registry.terraform.io/render-oss/render"),
  );
  put(".terraform/modules/modules.json", { Modules: [{ Key: "", Dir: "." }] });
  expect(() => refuseUnreviewed("staging", directory, [])).not.toThrow();
});

test.each<[what: string, files: Record<string, string | object>, token: string, shown: string]>([
  [
    "an external program",
    { "cdk.tf.json": { ...OURS, data: { external: { x: { program: ["sh", "-c", "id"] } } } } },
    "code:data.external.x",
    '["sh","-c","id"]',
  ],
  [
    "a local command",
    { "cdk.tf.json": { ...OURS, ephemeral: { local_command: { x: { command: "id" } } } } },
    "code:ephemeral.local_command.x",
    "command: id",
  ],
  [
    "a module",
    {
      "cdk.tf.json": { ...OURS, module: { net: { source: "./net" } } },
      ".terraform/modules/modules.json": { Modules: [{ Key: "net", Dir: "net" }] },
      "net/main.tf": "x",
    },
    "code:module.net",
    "net/main.tf",
  ],
  [
    "a file beside ours",
    { "cdk.tf.json": OURS, "extra.tf": 'data "external" "x" {}' },
    "code:extra.tf",
    'data "external" "x" {}',
  ],
  [
    "another provider",
    { "cdk.tf.json": { ...OURS, resource: { evil_thing: { x: {} } } } },
    "code:provider.hashicorp/evil",
    "hashicorp/evil",
  ],
  [
    "a provider that only init chose",
    { "cdk.tf.json": OURS, ".terraform.lock.hcl": lock("evil.example/render-oss/render") },
    "code:provider.evil.example/render-oss/render",
    "evil.example",
  ],
])("%s is not planned before it is acknowledged, and shown in full", (_what, files, token, shown) => {
  for (const [file, content] of Object.entries(files)) put(file, content);
  const plan = (ack: string[]) => () => refuseUnreviewed("staging", directory, ack);
  expect(plan([])).toThrow(shown);
  expect(plan([])).toThrow(expect.objectContaining({ outcome: "unknown" }));
  const all = [token, "code:provider.hashicorp/external", "code:provider.hashicorp/local"];
  expect(plan(all.slice(1))).toThrow(shown);
  expect(plan(all)).not.toThrow();
});
