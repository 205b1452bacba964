import { InvalidValue, notOneOf } from "../runtime/errors.ts";
import { formatMemorySize } from "./memory-size.ts";
import { holdsToken, PERSISTENCE_MODES, type PersistenceMode, type WithHyphens } from "./spellings.ts";

/** What is known of one of Render's Key Value plans. The only place where these figures are written. */
export interface PlanFacts {
  /** The name in the API and in Terraform. */
  readonly name: NamedPlan;
  /** Names for the same plan since Render renamed its compute plans in August 2026. */
  readonly aliases: readonly string[];
  /** Bytes. The instance's `maxmemory` follows it; Render has no other memory setting. */
  readonly memory: number;
  /** The most client connections at a time. */
  readonly connections: number;
  /** US dollars a month, billed by the second. */
  readonly price: number;
  /** The modes that can be chosen; the first is the default. */
  readonly persistence: readonly [PersistenceMode, ...PersistenceMode[]];
}

/** When the figures below were last read, and where. Render's API has no price, so they age. */
export const PLANS_CHECKED = {
  on: "2026-07",
  source: "https://render.com/pricing and https://render.com/docs/key-value",
} as const;

const MB = 1024 ** 2;
const GB = 1024 ** 3;
const PAID_PERSISTENCE = ["journal_snapshot", "snapshot", "off"] as const;

/** The plans from the smallest to the largest. Render moves an instance up this ladder, never down. */
export const PLANS = [
  { name: "free", aliases: ["25mb"], memory: 25 * MB, connections: 50, price: 0, persistence: ["off"] },
  { name: "starter", aliases: ["256mb"], memory: 256 * MB, connections: 250, price: 10, persistence: PAID_PERSISTENCE },
  { name: "standard", aliases: ["1g"], memory: 1 * GB, connections: 1_000, price: 32, persistence: PAID_PERSISTENCE },
  { name: "pro", aliases: ["5g"], memory: 5 * GB, connections: 5_000, price: 135, persistence: PAID_PERSISTENCE },
  {
    name: "pro_plus",
    aliases: ["10g"],
    memory: 10 * GB,
    connections: 10_000,
    price: 250,
    persistence: PAID_PERSISTENCE,
  },
] as const satisfies readonly (Omit<PlanFacts, "name"> & { name: string })[];

export type NamedPlan = (typeof PLANS)[number]["name"];

/** A plan agreed with Render's sales; its size and price are in the contract and not known here. */
export type CustomPlan = `Custom${string}`;

export type Plan = NamedPlan | CustomPlan;

/** A plan as people may write it. */
export type PlanSpelling = Plan | WithHyphens<NamedPlan> | (typeof PLANS)[number]["aliases"][number];

export const PLAN_NAMES: readonly NamedPlan[] = PLANS.map((plan) => plan.name);

/**
 * The plan that a text names, by its name or by one of the newer aliases (`1g` is `standard`).
 *
 * @throws InvalidValue naming the plans and the nearest match.
 */
export function parsePlan(text: string): Plan {
  const spelling = text.trim();
  if (isCustomPlan(spelling)) return spelling;
  const name = spelling.toLowerCase().replaceAll(/[ -]/g, "_");
  const facts: PlanFacts | undefined = PLANS.find(
    (plan) => plan.name === name || plan.aliases.some((alias) => alias === name),
  );
  if (facts === undefined) throw notOneOf([...PLAN_NAMES, "Custom…"], text, PLAN_NAMES);
  return facts.name;
}

/** The plan that Render means by a name; `undefined` for one that is not known here. */
export function knownPlan(name: string | undefined): Plan | undefined {
  try {
    return name === undefined ? undefined : parsePlan(name);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    return undefined;
  }
}

/** The figures of a plan; `undefined` for a custom plan, whose figures only its contract has. */
export function planFacts(plan: Plan): PlanFacts | undefined {
  return PLANS.find((facts) => facts.name === plan);
}

/** Whether a plan is one of those agreed with sales. Terraform's provider asks for the capital C. */
export function isCustomPlan(text: string): text is CustomPlan {
  return text.startsWith("Custom");
}

/** The smallest plan that has at least this many bytes; `undefined` when only a custom plan would do. */
export function smallestPlanWith(memory: number): PlanFacts | undefined {
  return PLANS.find((facts) => facts.memory >= memory);
}

/** Whether going from one plan to another is a downgrade, which Render refuses. Unknown (false) with a custom plan. */
export function isDowngrade(from: Plan, to: Plan): boolean {
  const [before, after] = [planFacts(from), planFacts(to)];
  return before !== undefined && after !== undefined && after.memory < before.memory;
}

/** One line about a plan for people: `standard (1 GB, 1000 connections, $32 a month)`. */
export function describePlan(plan: Plan): string {
  const facts = planFacts(plan);
  return facts === undefined
    ? `${plan} (size and price by contract)`
    : `${plan} (${formatMemorySize(facts.memory)}, ${facts.connections} connections, $${facts.price} a month)`;
}

/**
 * The plan that is meant. Memory alone picks the smallest plan that has it; with both, the two must agree.
 *
 * @param memory Bytes.
 * @throws InvalidValue when neither is given, when they disagree, or when no plan has that much memory.
 */
export function choosePlan(plan: Plan | undefined, memory: number | undefined): Plan {
  if (plan === undefined) {
    // Terraform's provider would take pro_plus, $250 a month.
    if (memory === undefined) throw new InvalidValue(`must be one of ${PLAN_NAMES.join(", ")}`, plan);
    const smallest = smallestPlanWith(memory);
    if (smallest !== undefined) return smallest.name;
    throw new InvalidValue("must be at most 10 GB without a custom plan", formatMemorySize(memory));
  }
  const facts = planFacts(plan);
  if (memory === undefined || facts === undefined || facts.memory === memory) return plan;
  const fitting = smallestPlanWith(memory);
  const fit = fitting === undefined ? "no plan" : `plan "${fitting.name}"`;
  throw new InvalidValue(
    `must agree with the memory: ${describePlan(plan)} has no ${formatMemorySize(memory)}`,
    plan,
    `For ${formatMemorySize(memory)} take ${fit}, or leave one of the two out.`,
  );
}

/**
 * The persistence mode of an instance; the plan's default when none is asked for.
 *
 * @throws InvalidValue when the plan does not have the mode: the free plan never persists.
 */
export function choosePersistence(plan: Plan, mode: PersistenceMode | undefined): PersistenceMode {
  const available = planFacts(plan)?.persistence ?? PERSISTENCE_MODES;
  if (mode === undefined) return available[0];
  if (holdsToken(mode) || available.some((candidate) => candidate === mode)) return mode;
  throw new InvalidValue(`must be ${available.join(", ")} on plan ${plan}`, mode, "Only paid plans persist.");
}
