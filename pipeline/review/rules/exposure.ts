import { z } from "zod";
import { isWithin, openToTheWorld } from "../../../render/exposure.ts";
import { UNKNOWN } from "../plan/attribute-change.ts";
import { isInstance } from "../plan/instance-change.ts";
import { realAttributes } from "../plan/noise.ts";
import { causesOf, type ResourceChange } from "../plan/resource-change.ts";
import { referencesOf } from "../plan/terraform-plan.ts";
import type { Rule, RuleContext } from "./rule.ts";

const kind = "exposure";
const list = (change: ResourceChange) => causesOf(change, ["ip_allow_list"]);

const entries = z.array(z.object({ cidr_block: z.string() }));

function blocks(change: ResourceChange, side: "before" | "after"): string[] {
  const parsed = entries.safeParse(change[side]?.ip_allow_list);
  return parsed.success ? parsed.data.map(({ cidr_block }) => cidr_block) : [];
}

/** Blocks of the new list with addresses that the old one does not have. */
function added(change: ResourceChange): string[] {
  const before = blocks(change, "before");
  return blocks(change, "after").filter((block) => !isWithin(block, before));
}

function removed(change: ResourceChange): string[] {
  const after = blocks(change, "after");
  return blocks(change, "before").filter((block) => !isWithin(block, after));
}

function changes(change: ResourceChange): boolean {
  return isInstance(change) && !["delete", "forget"].includes(change.action) && list(change).length > 0;
}

/** The blocks that together are open to the world, when something was added to the list. */
function opened(change: ResourceChange): string[] {
  return changes(change) && added(change).length > 0 ? openToTheWorld(blocks(change, "after")) : [];
}

/** Whether a variable that held the internal URL gets the external one, which leaves the private network. */
function becomesExternal(change: ResourceChange, context: RuleContext): boolean {
  if (change.type !== "render_env_group") return false;
  return realAttributes(change, context).some(({ attribute, after }) => {
    const path = attribute.split(".");
    if (!change.matches("before", path, /^redis:/)) return false;
    if (after !== UNKNOWN) return change.matches("after", path, /^rediss:/);
    const references = referencesOf(context.plan, change.address, "env_vars") ?? [];
    return references.some((reference) => reference.endsWith("connection_info.external_connection_string"));
  });
}

export const exposure: readonly Rule[] = [
  {
    kind,
    when: (change) => opened(change).length > 0,
    says: (change) => `Open to the internet (${opened(change).join(", ")}). Only the password protects the data.`,
    happened: (change) => `Opened to the internet (${opened(change).join(", ")}). Only the password protects the data.`,
    causes: list,
    acknowledge: () => true,
  },
  {
    kind,
    when: (change) => changes(change) && added(change).length > 0 && opened(change).length === 0,
    says: (change) => `Added to the allow list: ${added(change).join(", ")}. No data is lost.`,
    happened: (change) => `Added to the allow list: ${added(change).join(", ")}.`,
    causes: list,
  },
  {
    // To close something exposes nothing.
    kind: "behaviour",
    when: (change) => changes(change) && removed(change).length > 0,
    says: (change) =>
      `Removed from the allow list: ${removed(change).join(", ")}. Clients there can no longer connect. No data is lost.`,
    happened: (change) => `Removed from the allow list: ${removed(change).join(", ")}.`,
    causes: list,
  },
  {
    kind,
    when: becomesExternal,
    says: () =>
      "The service gets the external URL instead of the internal one. Its traffic leaves the private network, and the URL contains the password.",
    happened: () =>
      "The service got the external URL instead of the internal one. Its traffic leaves the private network.",
    causes: (change) => causesOf(change, ["env_vars"]),
    acknowledge: () => true,
  },
];
