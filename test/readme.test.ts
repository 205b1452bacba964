import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { parseEnvironment, type ShortEnvironment } from "../environments/define.ts";
import { TERRAFORM_NEEDS } from "../environments/terraform-versions.ts";
import type { Field } from "../render/field.ts";
import { type Change, EFFECTS, INSTANCE } from "../render/instance.ts";
import { formatMemorySize } from "../render/memory-size.ts";
import { PLANS, PLANS_CHECKED } from "../render/plans.ts";
import { SERVICE } from "../render/service.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");

const directory = mkdtempSync(join(REPOSITORY, ".synth-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("the table of plans is the catalogue", () => {
  const table = /<!-- plans:begin -->\n([\s\S]*?)\n<!-- plans:end -->/.exec(readme)?.[1];
  const known = (figure: number | undefined, unit = "") =>
    figure === undefined ? "not known" : unit + figure.toLocaleString("en");
  const rows = PLANS.map(({ name, memory, connections, price, persistence }) => {
    const persists = persistence.some((mode) => mode !== "off") ? "yes" : "no";
    return `| \`${name}\` | ${formatMemorySize(memory)} | ${known(connections)} | ${known(price, "$")} | ${persists} |`;
  });
  expect(table?.split("\n").slice(2)).toEqual(rows);
  const checked = new Date(PLANS_CHECKED.on).toLocaleString("en", { month: "long", year: "numeric" });
  expect(readme).toContain(`Prices of ${checked}`);
});

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

test("the reference of an instance and of a service is what their tables say", () => {
  const row = (name: string, { what, otherwise = "–" }: Field, changing: string) =>
    `| \`${name}\` | ${what} | ${otherwise} | ${changing} |`;
  const effects = ({ changing }: Change) =>
    Object.entries(changing).map(([effect, when]) => {
      const phrase = z.enum(EFFECTS).parse(Reflect.get(EFFECTS, effect));
      return when === "" ? phrase : `${when}: ${phrase}`;
    });
  const rows = [
    ...Object.entries(INSTANCE).map(([name, field]) => row(`redis.${name}`, field, effects(field).join("; "))),
    ...Object.entries(SERVICE).map(([name, field]) => row(`services.${name}`, field, field.changing)),
  ];
  expect(readme.split("\n").filter((line) => /^\| `(redis|services)\./.test(line))).toEqual(rows);
});

test("every field of an environment is in the README's reference", async () => {
  const { environmentSchema } = await import("../environments/define.ts");
  const fields = Object.entries(environmentSchema.shape).flatMap(([name, schema]) => {
    const one: unknown = schema instanceof z.ZodRecord ? schema.valueType : schema;
    const object = one instanceof z.ZodPrefault ? one.unwrap() : one instanceof z.ZodPipe ? one.in : one;
    return object instanceof z.ZodObject ? Object.keys(object.shape).map((key) => `${name}.${key}`) : [name];
  });
  expect(fields).toContain("redis.evictionPolicy");
  expect(fields.filter((field) => !readme.includes(`| \`${field}\` |`))).toEqual([]);
});
