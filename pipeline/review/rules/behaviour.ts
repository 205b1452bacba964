import { z } from "zod";
import { describePrice } from "../../../render/plans.ts";
import { NEVER_EVICT } from "../../../render/spellings.ts";
import { isInstance, planOf } from "../plan/instance-change.ts";
import { realAttributes } from "../plan/noise.ts";
import { causesOf, type ResourceChange, textOf } from "../plan/resource-change.ts";
import { referencesOf } from "../plan/terraform-plan.ts";
import type { Rule, RuleContext } from "./rule.ts";
import { runsAny } from "./steps.ts";

const kind = "behaviour";
const always = () => true;
const policy = (change: ResourceChange) => causesOf(change, ["max_memory_policy"]);

const LOSES_JOBS =
  "When memory is full, Redis evicts keys without an error, queued jobs among them. With noeviction it refused the write.";

/** Whether it decides what a service reads. */
function givesVariables({ type }: ResourceChange): boolean {
  return type === "render_env_group" || type === "render_env_group_link";
}

/** Whether the same plan imports the instance again, under another address. */
function isTakenOver({ before }: ResourceChange, { changes }: RuleContext): boolean {
  return changes.some(({ importedId }) => importedId !== undefined && importedId === before?.id);
}

/** A link is removed with its group; one sentence is enough. */
function isLinkOfRemovedGroup({ type, before }: ResourceChange, { changes }: RuleContext): boolean {
  const isGroupRemoved = changes.some(
    (other) =>
      other.type === "render_env_group" && other.action === "delete" && other.before?.id === before?.env_group_id,
  );
  return type === "render_env_group_link" && isGroupRemoved;
}

/** Whether the instance behind variables that are removed is removed, too. */
function goesWithInstance(change: ResourceChange, { changes }: RuleContext): boolean {
  return changes.some((other) => {
    const id = textOf(other.before, "id");
    const isUsed = change.type !== "render_env_group" || id === undefined || textOf(change.before, "id") === undefined;
    return isInstance(other) && other.action === "delete" && (isUsed || change.holds("before", id));
  });
}

/** The services that a link no longer names. */
function unlinked(change: ResourceChange, { plan }: RuleContext): string {
  const { before, after, address } = change;
  const [old, fresh] = [ids.safeParse(before?.service_ids), ids.safeParse(after?.service_ids)];
  if (!old.success || !fresh.success)
    return "Other services are linked. One that is no longer listed loses the variables.";
  const gone = old.data.filter((id) => !fresh.data.includes(id));
  if (gone.length === 0) return "More services are linked to the variables.";
  const drifted = plan.resource_drift.find((one) => one.address === address)?.change;
  const byHand = drifted === undefined ? [] : gained(drifted.before, drifted.after).filter((id) => gone.includes(id));
  const others = gone.filter((id) => !byHand.includes(id));
  const [are, lose] = others.length === 1 ? ["is", "It loses"] : ["are", "They lose"];
  return [
    ...(others.length === 0
      ? []
      : [`${others.join(", ")} ${are} no longer linked. ${lose} the variables at the next deploy.`]),
    ...byHand.map((id) => `${linkedByHand(id, change, plan)} This apply unlinks it: it loses the variables.`),
  ].join(" ");
}

const ids = z.array(z.string());
const linkSchema = z.object({ service_ids: ids });

function gained(before: unknown, after: unknown): string[] {
  const [old, fresh] = [before, after].map((side) => linkSchema.safeParse(side).data?.service_ids ?? []);
  return (fresh ?? []).filter((id) => !old?.includes(id));
}

/** What somebody linked in the dashboard, with the line that keeps it. */
function linkedByHand(id: string, link: ResourceChange, plan: RuleContext["plan"]): string {
  const group = referencesOf(plan, link.address, "env_group_id")?.[0]?.replace(/\.id$/, "") ?? "";
  const used = (referencesOf(plan, group, "env_vars") ?? []).flatMap(
    (one) => /^render_keyvalue\.(\w+)/.exec(one)?.[1] ?? [],
  );
  const line = `another: { name: "…", region: "…", id: "${id}", uses: { REDIS_URL: "${used[0] ?? "redis"}" } },`;
  return `${id} was linked in Render's dashboard; it is not in the file. To keep it, add it there to services: ${line}`;
}

/** Variables by what happens to them. Names only: a value may be a password. */
function variables(change: ResourceChange, context: RuleContext): string {
  const byName = new Map<string, "added" | "changed" | "removed">();
  for (const { attribute, before, after } of changedVariables(change, context)) {
    // A name may have dots in it; the field of the variable has none.
    const name = attribute.replace(/^env_vars\.?/, "").replace(/\.(value|generate_value)$/, "");
    const isWhole = before !== undefined && after !== undefined;
    const fate = isWhole ? "changed" : before === undefined ? "added" : "removed";
    byName.set(name, byName.has(name) && byName.get(name) !== fate ? "changed" : fate);
  }
  const named = (fate: string) => [...byName].filter(([, own]) => own === fate).map(([name]) => name || "all");
  return (["added", "changed", "removed"] as const)
    .flatMap((fate) => (named(fate).length === 0 ? [] : [`${fate} ${named(fate).join(", ")}`]))
    .join("; ");
}

/** Whether Render has it by now as it is described, so that this plan leaves it. */
function isAsDescribed({ address }: ResourceChange, { plan }: RuleContext): boolean {
  return plan.resource_changes.some((planned) => planned.address === address && planned.change.actions[0] === "no-op");
}

const HALF_DONE = "as described, and the state did not know. An apply that ended halfway did it, or somebody by hand";

/** Render deploys nothing when a group changes, so a review must not leave it open whether something else does. */
function whenRead(change: ResourceChange, context: RuleContext): string {
  return runsAny(["roll_out", "leave"], context, change)
    ? "in the deploy of this apply"
    : "at its next deploy, which nothing in this plan starts";
}

function changedVariables(change: ResourceChange, context: RuleContext) {
  if (change.type !== "render_env_group" || change.action === "delete") return [];
  const changed = change.action === "update" ? realAttributes(change, context) : change.attributes;
  return changed.filter(({ attribute }) => attribute === "env_vars" || attribute.startsWith("env_vars."));
}

export const behaviour: readonly Rule[] = [
  {
    kind,
    when: (change) =>
      isInstance(change) &&
      (change.action === "update" || change.action === "replace") &&
      policy(change).some(({ before }) => before === NEVER_EVICT),
    says: () => LOSES_JOBS,
    happened: () => LOSES_JOBS,
    causes: policy,
    acknowledge: always,
  },
  {
    kind,
    when: (change) =>
      isInstance(change) &&
      (change.action === "update" || change.action === "replace") &&
      policy(change).some(({ after }) => after === NEVER_EVICT),
    says: () => "When memory is full, Redis refuses new writes instead of evicting keys.",
    happened: () => "When memory is full, Redis now refuses new writes instead of evicting keys.",
    causes: policy,
  },
  {
    kind,
    when: (change, context) =>
      isInstance(change) && (change.action === "forget" || change.forgets) && !isTakenOver(change, context),
    says: (change) =>
      `Terraform forgets the instance. It keeps running and costing (${describePrice(planOf(change, "before"))} a month), and is no longer managed here.`,
    acknowledge: always,
  },
  {
    kind,
    when: (change, context) =>
      change.action === "delete" && givesVariables(change) && !isLinkOfRemovedGroup(change, context),
    says: (change, context) => `The service loses the variables of the group ${whenRead(change, context)}.`,
    happened: () => "The service's variables were removed. It loses them at its next deploy.",
    acknowledge: (change, context) => !goesWithInstance(change, context),
  },
  {
    kind,
    when: (change) =>
      change.type === "render_env_group_link" &&
      (change.action === "update" || change.action === "replace") &&
      causesOf(change, ["service_ids"]).length > 0,
    says: unlinked,
    happened: (change, context) =>
      isAsDescribed(change, context)
        ? `The services are linked to the variables ${HALF_DONE}.`
        : gained(change.before, change.after)
            .map((id) => linkedByHand(id, change, context.plan))
            .join(" ") || "A service was unlinked from the variables.",
    causes: (change) => causesOf(change, ["service_ids"]),
    acknowledge: always,
  },
  {
    kind,
    when: (change, context) => changedVariables(change, context).length > 0,
    says: (change, context) =>
      `The service's variables: ${variables(change, context)}. It reads them ${whenRead(change, context)}.`,
    happened: (change, context) =>
      isAsDescribed(change, context)
        ? `The service's variables are ${HALF_DONE}: ${variables(change, context)}.`
        : `The service's variables were set outside Terraform: ${variables(change, context)}.`,
  },
];
