import type { KeyValue } from "../render/api/endpoints.ts";
import { type ExpectedInstance, INSTANCE_FIELDS } from "../render/instance.ts";
import { readPlan } from "./review/plan/planned.ts";
import { terraformPlanSchema } from "./review/plan/terraform-plan.ts";
import { reviewPlan } from "./review/review.ts";
import type { Consequence, Kind } from "./review/rules/consequence.ts";

/** What is told before a deploy that nobody has reviewed. What else there is belongs to the steps, and to the review. */
const TOLD: readonly Kind[] = ["data-loss", "refused", "new", "restart", "behaviour", "exposure", "cost"];

/**
 * What a deploy does to an instance, by the rules of the review and in its words: from what Render shows, and what is
 * described.
 *
 * @param address The instance's, in Terraform.
 * @param shown What runs on Render; nothing where there is none yet.
 */
export function consequencesOf(address: string, wanted: ExpectedInstance, shown: KeyValue | undefined): Consequence[] {
  const after = attributesOf(wanted);
  const before: Attributes | undefined = shown && { ...shownAttributes(wanted, shown), id: shown.id };
  const replaced = Object.values(INSTANCE_FIELDS).flatMap(({ terraform, changing }) => {
    const isOther = terraform !== undefined && before !== undefined && before[terraform] !== after[terraform];
    return isOther && changing.replaces !== undefined ? [[terraform]] : [];
  });
  const actions = before === undefined ? ["create"] : replaced.length > 0 ? ["create", "delete"] : ["update"];
  const change = { actions, before: before ?? null, after, replace_paths: replaced };
  const resource = { address, mode: "managed", type: "render_keyvalue", change };
  const plan = terraformPlanSchema.parse({ format_version: "1.2", resource_changes: [resource] });
  const { environment } = wanted;
  const subject = { mode: "change", digest: "", paths: {}, errors: [], others: [] } as const;
  const policy = { warnings: [], exceptions: [] };
  const { findings } = reviewPlan(readPlan(plan), { ...subject, environment, policy });
  return findings.filter(({ kind }) => TOLD.includes(kind));
}

type Attributes = Readonly<Record<string, unknown>>;

/** As Terraform has them. */
function attributesOf(wanted: ExpectedInstance): Attributes {
  const values = new Map<string, unknown>(Object.entries(wanted));
  const all = Object.entries(INSTANCE_FIELDS).flatMap(([name, { terraform }]): [string, unknown][] => {
    return terraform === undefined ? [] : [[terraform, values.get(name)]];
  });
  return { ...Object.fromEntries(all), ip_allow_list: blocks(wanted.ipAllowList) };
}

/** What Render does not show is taken for what is wanted: it is then told of nothing. */
function shownAttributes(wanted: ExpectedInstance, shown: KeyValue): Attributes {
  const values = new Map<string, unknown>(Object.entries(wanted));
  const all = Object.entries(INSTANCE_FIELDS).flatMap(([name, { terraform, api }]): [string, unknown][] => {
    const own = values.get(name);
    if (terraform === undefined || api === undefined || typeof own !== "string") return [];
    const value = api(shown, own);
    return [[terraform, value === undefined || value === null || value === "unknown" ? own : value]];
  });
  const environment_id = shown.environmentId ?? undefined;
  return { ...Object.fromEntries(all), environment_id, ip_allow_list: blocks(shown.ipAllowList) };
}

function blocks(list: ExpectedInstance["ipAllowList"]) {
  return list.map(({ cidrBlock: cidr_block, description }) => ({ cidr_block, description }));
}
