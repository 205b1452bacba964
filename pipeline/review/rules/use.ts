import { z } from "zod";
import { describePrice } from "../../../render/plans.ts";
import { blocksOf, type Configuration } from "../plan/configuration.ts";
import { isInstance, planOf } from "../plan/instance-change.ts";
import type { ChangeContext } from "../plan/noise.ts";
import { type ResourceChange, textOf } from "../plan/resource-change.ts";
import { referencesOf } from "../plan/terraform-plan.ts";
import type { Consequence } from "./consequence.ts";
import type { Rule, RuleContext } from "./rule.ts";

const ids = z.array(z.string());
const named = z.object({ name: z.string(), service_id: z.string() });
const SERVICE = /^render_(web_service|private_service|background_worker|cron_job)$/;

/** What uses what in a plan, found once for all who ask. */
interface Uses {
  /** Groups and links that there are before or after, with the services of a link. */
  readonly groups: readonly ResourceChange[];
  readonly links: readonly ResourceChange[];
  readonly services: readonly ResourceChange[];
  /** Names of services by id, from the steps that know them. */
  readonly names: ReadonlyMap<string, string>;
}

const known = new WeakMap<readonly ResourceChange[], Uses>();

function usesIn({ changes }: Pick<ChangeContext, "changes">): Uses {
  const uses = known.get(changes) ?? {
    groups: changes.filter(({ type }) => type === "render_env_group"),
    links: changes.filter(({ type }) => type === "render_env_group_link"),
    services: changes.filter(({ type }) => SERVICE.test(type)),
    names: new Map(changes.filter(({ type }) => type === "null_resource").flatMap(namesIn)),
  };
  known.set(changes, uses);
  return uses;
}

function namesIn({ before, after }: ResourceChange): [string, string][] {
  return [before, after].flatMap((side): [string, string][] => {
    const { success, data } = named.safeParse(side?.triggers);
    return success ? [[data.service_id, data.name]] : [];
  });
}

function exists({ action }: ResourceChange): boolean {
  return action !== "delete" && action !== "forget";
}

function servicesOf(link: ResourceChange, side: "before" | "after"): readonly string[] {
  return ids.safeParse(link[side]?.service_ids).data ?? [];
}

/** The ids, or addresses, of the services that use an instance: those that did, or those that will. */
function usersOf(instance: ResourceChange, side: "before" | "after", context: ChangeContext): Set<string> {
  const { groups, links, services } = usesIn(context);
  const refers = (change: ResourceChange, attribute: string, address: string) =>
    (referencesOf(context.plan, change.address, attribute) ?? []).some((one) => one.startsWith(`${address}.`));
  const id = textOf(instance[side], "id") ?? "";
  const uses = (change: ResourceChange) =>
    side === "before"
      ? change.holds(side, id)
      : exists(change) && (refers(change, "env_vars", instance.address) || change.holds(side, id));
  return new Set([
    ...groups
      .filter(uses)
      .flatMap((group) =>
        links
          .filter((link) =>
            side === "before"
              ? textOf(link.before, "env_group_id") === textOf(group.before, "id")
              : exists(link) &&
                (refers(link, "env_group_id", group.address) ||
                  textOf(link.after, "env_group_id") === textOf(group.after, "id")),
          )
          .flatMap((link) => servicesOf(link, side)),
      ),
    ...services.filter(uses).map(({ address, before, after }) => textOf(after ?? before, "id") ?? address),
  ]);
}

function describeServices(users: ReadonlySet<string>, context: ChangeContext): string {
  const { names } = usesIn(context);
  const all = [...users].sort().map((id) => (names.has(id) ? `${names.get(id)} (${id})` : id));
  return `${all.length} ${all.length === 1 ? "service" : "services"}: ${all.join(", ")}`;
}

/** The services that feel a change: those that used the instance, and those that will. */
function reached(change: ResourceChange, context: ChangeContext): Set<string> {
  if (isInstance(change))
    return new Set((["before", "after"] as const).flatMap((side) => [...usersOf(change, side, context)]));
  const own = usesIn(context).links.filter(
    (link) => link === change || textOf(link.before, "env_group_id") === textOf(change.before, "id"),
  );
  return new Set(own.flatMap((link) => [...servicesOf(link, "before"), ...servicesOf(link, "after")]));
}

const FELT = /^(plan|max_memory_policy|persistence_mode|region)(\.|$)/;

/** Whether services feel it: not a new name, and nothing that is only created. */
function isFelt(change: ResourceChange): boolean {
  if (change.action === "create" || change.action === "no-op") return false;
  if (change.type === "render_env_group") return true;
  return (
    isInstance(change) &&
    (change.action !== "update" || change.attributes.some(({ attribute }) => FELT.test(attribute)))
  );
}

export const use: readonly Rule[] = [
  {
    kind: "reach",
    when: (change, context) => isFelt(change) && reached(change, context).size > 0,
    says: (change, context) => `Reaches ${describeServices(reached(change, context), context)}.`,
  },
];

/** An instance that no service here uses. Its own change may be none at all, so it is looked for in all. */
export function unusedOf(context: RuleContext, { root }: Configuration): Consequence[] {
  // Without what is written it is not known that nothing uses it.
  const described = root.flatMap(({ blocks }) => blocksOf(blocks, "resource"));
  const users = described.flatMap(({ type, body }) => (type === "null_resource" ? [] : [JSON.stringify(body)]));
  return context.changes
    .filter((change) => isInstance(change) && exists(change) && !change.isDeposed)
    .filter((change) => usersOf(change, "after", context).size === 0)
    .flatMap((change): Consequence[] => {
      const isLeft = change.action !== "create" && usersOf(change, "before", context).size > 0;
      const isDescribed = described.some(({ address }) => address === change.address);
      const isFree = planOf(change, "after") === "free";
      if (!isLeft && (isFree || !isDescribed || users.some((text) => text.includes(`${change.address}.`)))) return [];
      const says = isLeft ? "No service uses the instance from now on." : "No service here uses the instance.";
      // What was so before is no news.
      const kind = isLeft || change.action === "create" ? "cost" : "bookkeeping";
      const consequence = `${says} It costs ${describePrice(planOf(change, "after"))} a month.`;
      return [{ kind, address: change.address, consequence, causes: [], acknowledge: false }];
    });
}
