import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { LocalRender } from "../../../dev/emulator/emulator.ts";
import { exportsOf, writeExports } from "../../../dev/local/exports.ts";

const directory = mkdtempSync(join(tmpdir(), "render-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const render: LocalRender = {
  host: "http://127.0.0.1:1/v1",
  apiKey: "rnd_it's a key",
  ownerId: "tea-1",
  backendServiceId: "srv-1",
  caFile: "/somewhere/ca.pem",
  directory,
  socketDirectory: "",
  stop: async () => {},
};

test("a shell that sources the file has every variable as it is; only its owner can read it", () => {
  const file = writeExports(directory, exportsOf(render, '{"a":"$HOME"}'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const script = `. "${file}"; printf '%s|' "$RENDER_API_KEY" "$TF_REATTACH_PROVIDERS" "$RENDER_HOST" "$TF_INPUT"`;
  const shown = execFileSync("sh", ["-c", script], { encoding: "utf8" });
  expect(shown).toBe('rnd_it\'s a key|{"a":"$HOME"}|http://127.0.0.1:1/v1|0|');
});

test("with a provider from a registry Terraform is not told of another", () => {
  expect(exportsOf(render, undefined)).not.toHaveProperty("TF_REATTACH_PROVIDERS");
});
