import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { EnvGroup } from "../../../constructs/render/env-group.ts";
import { escapeTemplate } from "../../../constructs/render/escape-template.ts";
import { Keyvalue } from "../../../constructs/render/keyvalue.ts";
import { synthesize } from "../synthesize.ts";

test.each([
  [`pa\${ss}word`, `pa$\${ss}word`],
  ["%{ if true }", "%%{ if true }"],
  ["50 % {off}", "50 % {off}"],
  ["$HOME and $", "$HOME and $"],
])("%s becomes %s", (text, escaped) => {
  expect(escapeTemplate(text)).toBe(escaped);
});

test("Terraform gives every escaped text back as it was", async () => {
  const piece = fc.constantFrom("$", "%", "{", "}", "a", "$$", "%%", `\${`, "%{", '"', "\\", "\n", "é");
  const texts = fc.sample(
    fc.array(piece).map((pieces) => pieces.join("")),
    300,
  );
  const outputs = texts.map((text, index) => [`o${index}`, { value: escapeTemplate(text) }]);
  const directory = mkdtempSync(join(tmpdir(), "escape-"));
  try {
    writeFileSync(join(directory, "main.tf.json"), JSON.stringify({ output: Object.fromEntries(outputs) }));
    const terraform = { cwd: directory, env: { CHECKPOINT_DISABLE: "1" } };
    await execa("terraform", ["apply", "-auto-approve", "-input=false"], terraform);
    const { stdout } = await execa("terraform", ["output", "-json"], terraform);
    const values = z.record(z.string(), z.object({ value: z.string() })).parse(JSON.parse(stdout));
    expect(texts.map((_, index) => values[`o${index}`]?.value)).toEqual(texts);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("a reference inside a text survives, the text around it is escaped", () => {
  const terraform = synthesize((stack) => {
    const keyvalue = new Keyvalue(stack, "kv", { name: "a", region: "oregon", maxMemoryPolicy: "noeviction" });
    new EnvGroup(stack, "group", { name: "b", envVars: { X: { value: `%{x} ${keyvalue.id} \${y}` } } });
  });
  expect(terraform.resource.render_env_group?.group?.env_vars).toEqual({
    X: { value: `%%{x} \${render_keyvalue.kv.id} $\${y}` },
  });
});
