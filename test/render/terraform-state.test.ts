import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { knows, parseState, readKnownIds } from "../../render/terraform-state.ts";

const resource = (address: string, ...ids: (string | null)[]) => {
  const [type = "", name = ""] = address.split(".");
  return { mode: "managed", type, name, instances: ids.map((id) => ({ attributes: { id, password: "s3cret" } })) };
};
const STATE = JSON.stringify({
  version: 4,
  lineage: "l",
  outputs: { external_url: { value: "rediss://x:s3cret@y", type: "string", sensitive: true } },
  resources: [
    { ...resource("render_keyvalue.redis", "red-new"), each: undefined },
    resource("render_env_group.backend", "evg-1"),
    { ...resource("render_keyvalue.redis", "red-other"), module: "module.two" },
  ],
});

test("of a state only addresses and ids are read, those that are deposed too", () => {
  const instances = [
    { attributes: { id: "red-new" } },
    { deposed: "a1b2c3d4", attributes: { id: "red-old" } },
    { status: "tainted", attributes: null },
  ];
  const text = JSON.stringify({ version: 4, resources: [{ ...resource("render_keyvalue.redis"), instances }] });
  expect(parseState(text)).toEqual(new Map([["render_keyvalue.redis", ["red-new", "red-old"]]]));
  const known = parseState(STATE) ?? new Map();
  expect(known.get("module.two.render_keyvalue.redis")).toEqual(["red-other"]);
  expect(["red-new", "red-other", "evg-1", "red-x"].map((id) => knows(known, id))).toEqual([true, true, true, false]);
  expect(JSON.stringify([...known])).not.toContain("s3cret");
});

test.each([
  ["", new Map()],
  ["\n", new Map()],
  ['{"version":4}', new Map()],
  ['{"resources":null}', new Map()],
])("a state with nothing in it (%j) knows nothing", (text, nothing) => expect(parseState(text)).toEqual(nothing));

test.each(["<html>", "[]", '{"resources":[{"type":1}]}', "null"])("%j is no state: nothing can be said", (text) => {
  expect(parseState(text)).toBeUndefined();
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "state-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

/** A Terraform that does this. */
function terraform(script: string): void {
  const file = join(directory, "terraform.sh");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  vi.stubEnv("TERRAFORM_BINARY_NAME", file);
}

test("it asks the Terraform that is used, in the stack's directory, without options that are meant for other commands", async () => {
  vi.stubEnv("TF_CLI_ARGS", "-no-such-option");
  vi.stubEnv("TF_CLI_ARGS_plan", "-refresh=false");
  vi.stubEnv("TF_WORKSPACE", "blue");
  terraform(
    `printf '{"resources":[{"type":"%s","name":"%s","instances":[{"attributes":{"id":"%s"}}]}]}' "$*" "$TF_WORKSPACE" "$PWD"; ` +
      "env | grep -q TF_CLI_ARGS && exit 1; exit 0",
  );
  expect(await readKnownIds(directory)).toEqual(new Map([["state pull.blue", [directory]]]));
});

test.each([
  ["fails", "echo 'Error: no backend, password s3cret' >&2; exit 1"],
  ["prints something else", "echo hello"],
])("where it %s, nothing is known", async (_what, script) => {
  terraform(script);
  expect(await readKnownIds(directory)).toBeUndefined();
});

test("where there is no Terraform, or no directory, nothing is known", async () => {
  terraform("echo");
  expect(await readKnownIds(join(directory, "nowhere"))).toBeUndefined();
  vi.stubEnv("TERRAFORM_BINARY_NAME", join(directory, "nothing"));
  expect(await readKnownIds(directory)).toBeUndefined();
});

test("a state that never comes ends with the command", async () => {
  terraform("exec sleep 60");
  expect(await readKnownIds(directory, AbortSignal.abort())).toBeUndefined();
});
