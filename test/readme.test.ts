import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { formatEnvironmentReference } from "../cli/report/environment-reference.ts";
import { parseEnvironment, type ShortEnvironment } from "../environments/define.ts";
import { TERRAFORM_NEEDS } from "../environments/terraform-versions.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");
const reference = readFileSync(join(REPOSITORY, "docs/environment.md"), "utf8");

const directory = mkdtempSync(join(REPOSITORY, ".synth-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("the versions of Terraform are those of the table", () => {
  const [first, ...others] = TERRAFORM_NEEDS;
  const text = readme.replaceAll(/\s+/g, " ");
  expect(text).toContain(`Terraform or OpenTofu ≥ ${first.version}`);
  for (const { version, feature } of others) expect(text).toContain(`≥ ${version} for ${feature}`);
});

test("the environment in the README is a valid one", async () => {
  const snippet = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const define = pathToFileURL(join(REPOSITORY, "environments", "define.ts")).href;
  const file = join(directory, "environment.ts");
  writeFileSync(file, snippet.replace("./define.ts", define));
  const module: { readonly production: ShortEnvironment } = await import(file);
  expect(parseEnvironment(module.production).name).toBe("production");
});

test("every npm command in the README exists", () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")));
  const named = [...readme.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? "");
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test("docs/environment.md is what the tables give", () => {
  expect(reference, "Run: npm run rules").toBe(formatEnvironmentReference());
});

test("the README ends where a reader's patience does", () => {
  expect(readme.split("\n").length - 1).toBeLessThanOrEqual(150);
});

test("every field of an environment is in the reference", async () => {
  const { environmentSchema } = await import("../environments/define.ts");
  const fields = Object.entries(environmentSchema.shape).flatMap(([name, schema]) => {
    const one: unknown = schema instanceof z.ZodRecord ? schema.valueType : schema;
    const object = one instanceof z.ZodPrefault ? one.unwrap() : one instanceof z.ZodPipe ? one.in : one;
    return object instanceof z.ZodObject ? Object.keys(object.shape).map((key) => `${name}.${key}`) : [name];
  });
  expect(fields).toContain("redis.evictionPolicy");
  expect(fields.filter((field) => !reference.includes(`| \`${field}\` |`))).toEqual([]);
});
