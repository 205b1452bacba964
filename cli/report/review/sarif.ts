import { createHash } from "node:crypto";
import { join } from "node:path";
import { textIn } from "../../../pipeline/files.ts";
import { configuredAddress } from "../../../pipeline/review/plan/terraform-plan.ts";
import type { Review } from "../../../pipeline/review/review.ts";
import { type Consequence, KIND_TITLES } from "../../../pipeline/review/rules/consequence.ts";
import { INSTANCE_FIELDS } from "../../../render/instance.ts";
import { jsonText } from "../../../runtime/text.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

/** What is told in one place of one file. */
interface Result {
  readonly rule: string;
  readonly level: "error" | "warning" | "note";
  readonly text: string;
  readonly environment: string;
  /** Names of what is written there, the outermost first: `queue`, `plan`. */
  readonly written: readonly string[];
}

/**
 * SARIF 2.1.0: consequences, rules of the policy and what could not be planned, each at its line in the environment's file.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function formatSarif(reviews: readonly Review[], read: (file: string) => string = fromRepository): string {
  const results = reviews.flatMap((review) => [
    ...review.errors.flatMap((error) => error.split("\n").flatMap((line) => mistake(review, line, error))),
    ...review.findings.map((one) => finding(review, one)),
    ...review.drift.map((one) => ({ ...finding(review, one), rule: "drift", level: "warning" as const })),
    ...review.policy.warnings.map(({ rule, message }) => broken(review.environment, rule, "warning", message)),
    ...review.policy.exceptions.map(({ rule, reason }): Result => {
      const text = `Excepted: ${reason}`;
      return { rule, level: "note", text, environment: review.environment, written: ["exceptions"] };
    }),
  ]);
  const titles: Readonly<Record<string, string>> = { ...OTHER_TITLES, ...KIND_TITLES };
  const used = [...new Set(results.map(({ rule }) => rule))].sort();
  const rules = used.map((id) => {
    return { id, shortDescription: { text: titles[id] ?? `Rule of the policy: ${id}` } };
  });
  const told = results.map(({ rule, level, text, environment, written }) => {
    const file = `environments/${environment}.ts`;
    const region = { startLine: lineOf(read(file), written) };
    const fingerprint = createHash("sha256").update([rule, environment, text].join("\0")).digest("hex");
    return {
      ...{ ruleId: rule, ruleIndex: used.indexOf(rule), level, message: { text } },
      locations: [{ physicalLocation: { artifactLocation: { uri: file, uriBaseId: "%SRCROOT%" }, region } }],
      partialFingerprints: { "consequence/v1": fingerprint },
    };
  });
  const run = { tool: { driver: { name: "render-redis", rules } }, results: told };
  return jsonText({ $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] });
}

const OTHER_TITLES = { drift: "Changed outside Terraform", "cannot-be-planned": "Cannot be planned" } as const;

function fromRepository(file: string): string {
  return textIn(join(REPOSITORY, file));
}

/** A broken rule, or a field that is wrong, says where it is; of every other error the first line says what it is. */
function mistake({ environment }: Review, line: string, error: string): Result[] {
  const named = /environment "([a-z0-9-]+)"/.exec(error)?.[1] ?? environment;
  const rule = /breaks the rule ([a-z-]+):/.exec(line)?.[1];
  if (rule !== undefined) return [broken(named, rule, "error", line)];
  const field = /^\s+`([\w.]+)` /.exec(line)?.[1];
  if (field === undefined && !(error.startsWith(line) && !/^\s+`[\w.]+` |breaks the rule/m.test(error))) return [];
  const text = field === undefined ? error : line.trim();
  return [{ rule: "cannot-be-planned", level: "error", text, environment: named, written: field?.split(".") ?? [] }];
}

function finding({ environment }: Review, { kind, acknowledge, consequence, address, causes }: Consequence): Result {
  const [cause] = causes;
  const key = configuredAddress(address).split(".")[1] ?? "";
  const levels = { checks: "note", bookkeeping: "note", reach: "note", new: "note" } as const;
  const level = acknowledge
    ? "error"
    : (new Map<string, Result["level"]>(Object.entries(levels)).get(kind) ?? "warning");
  return {
    ...{ rule: kind, level, environment },
    text: `${consequence} (${address})`,
    written: [key, ...(cause === undefined ? [] : fieldsOf(cause.attribute))],
  };
}

/** What is to be done about a broken rule names the field. */
function broken(environment: string, rule: string, level: Result["level"], text: string): Result {
  const [field] = [...text.matchAll(/\b(?:redis|backend|services|state)\.(\w+)/g)].map(([, name = ""]) => name);
  return { rule, level, environment, text, written: field === undefined ? [] : [field] };
}

/** The field that a person writes for an attribute of Terraform's. */
function fieldsOf(attribute: string): string[] {
  const [first = "", second] = attribute.split(".");
  if (first === "env_vars") return ["env", ...(second === undefined ? [] : [second])];
  const field = Object.entries(INSTANCE_FIELDS).find(([, { terraform }]) => terraform === first)?.[0];
  return [field ?? first];
}

/** The line where the last of these names is written, each looked for behind the one before; else where the name is. */
export function lineOf(text: string, written: readonly string[]): number {
  const lines = text.split("\n");
  const find = (name: string, from: number) => {
    const form = new RegExp(`(^|[\\s{,])["']?${name.replaceAll(/\W/g, "\\$&")}["']?\\s*:`);
    return lines.findIndex((line, index) => index >= from && form.test(line));
  };
  let at = -1;
  for (const name of written) at = Math.max(at, find(name, Math.max(at, 0)));
  return (at === -1 ? Math.max(0, find("name", 0)) : at) + 1;
}
