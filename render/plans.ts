import { InvalidValue, notOneOf } from "../runtime/errors.ts";
import { formatMemorySize } from "./memory-size.ts";
import { holdsToken, PERSISTENCE_MODES, type PersistenceMode, type WithHyphens } from "./spellings.ts";
import { PROVIDER_VERSION } from "./terraform-schema.ts";

/** What is known of one of Render's Key Value plans. The only place where these figures are written. */
export interface PlanFacts {
  /** The name in the API and in Terraform. */
  readonly name: NamedPlan;
  /** Names for the same plan since Render renamed its compute plans in August 2026. */
  readonly aliases: readonly string[];
  /** Bytes. The instance's `maxmemory` follows it; Render has no other memory setting. */
  readonly memory: number;
  /** The most client connections at a time; absent where no source says. */
  readonly connections?: number;
  /** A lower limit that another source gives. */
  readonly fewerConnections?: number;
  /** US dollars a month, billed by the second; absent where no source says. */
  readonly price?: number;
  /** The modes that can be chosen; the first is the default. */
  readonly persistence: readonly [PersistenceMode, ...PersistenceMode[]];
  /** The last version of Terraform's provider that refuses the plan. */
  readonly refusedBy?: string;
}

/** Since when the figures below hold, and where they were read. Render's API has no price, so they age. */
export const PLANS_CHECKED = {
  on: "2026-10-01",
  source: "https://render.com/pricing and https://render.com/docs/key-value",
} as const;

const MB = 1024 ** 2;
const GB = 1024 ** 3;
const PAID = { persistence: ["journal_snapshot", "snapshot", "off"] } as const;
const NEW = { aliases: [], ...PAID, refusedBy: "1.9.1" } as const;

const LADDER = [
  { name: "free", aliases: ["25mb"], memory: 25 * MB, connections: 50, price: 0, persistence: ["off"] },
  {
    name: "starter",
    aliases: ["256mb"],
    memory: 256 * MB,
    connections: 250,
    fewerConnections: 200,
    price: 10,
    ...PAID,
  },
  { name: "standard", aliases: ["1g"], memory: 1 * GB, connections: 1_000, price: 20, ...PAID },
  { name: "3g", memory: 3 * GB, price: 60, ...NEW },
  { name: "pro", aliases: ["5g"], memory: 5 * GB, connections: 5_000, price: 100, ...PAID },
  { name: "pro_plus", aliases: ["10g"], memory: 10 * GB, connections: 10_000, price: 200, ...PAID },
  { name: "20g", memory: 20 * GB, connections: 20_000, price: 350, ...NEW },
  { name: "40g", memory: 40 * GB, ...NEW },
  { name: "50g", memory: 50 * GB, ...NEW },
] as const satisfies readonly (Omit<PlanFacts, "name"> & { name: string })[];

export type NamedPlan = (typeof LADDER)[number]["name"];

/** The plans from the smallest to the largest. Render moves an instance up this ladder, never down. */
export const PLANS: readonly PlanFacts[] = LADDER;

/** A plan agreed with Render's sales; its size and price are in the contract and not known here. */
export type CustomPlan = `Custom${string}`;

export type Plan = NamedPlan | CustomPlan;

/** A plan as people may write it. */
export type PlanSpelling = Plan | WithHyphens<NamedPlan> | (typeof LADDER)[number]["aliases"][number];

export const PLAN_NAMES: readonly NamedPlan[] = PLANS.map((plan) => plan.name);

/** The plans that the provider's version takes. */
export const PROVIDER_PLANS = PLANS.filter(({ refusedBy }) => refusedBy !== PROVIDER_VERSION);

const DAY_MS = 86_400_000;

/** Days after which what is known of prices is called old. */
const OLD_DAYS = 90;

/** Of when the plans and prices are: `2026-10-01`, and once that is long ago, how long, and where to look. */
export function plansAsOf(now: Date): string {
  const days = Math.floor((now.getTime() - Date.parse(PLANS_CHECKED.on)) / DAY_MS);
  return `${PLANS_CHECKED.on}${days > OLD_DAYS ? ` (${days} days old; see ${PLANS_CHECKED.source})` : ""}`;
}

/**
 * The plan that a text names, by its name or by one of the newer aliases (`1g` is `standard`).
 *
 * @throws InvalidValue naming the plans and the nearest match.
 */
export function parsePlan(text: string): Plan {
  const spelling = text.trim();
  if (isCustomPlan(spelling)) return spelling;
  const name = spelling.toLowerCase().replaceAll(/[ -]/g, "_");
  const facts = PLANS.find((plan) => plan.name === name || plan.aliases.includes(name));
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

/** The connection limit that a plan is sure to have: of several that are told, the lowest. */
export function sureConnections(plan: Plan): number | undefined {
  const facts = planFacts(plan);
  return facts?.fewerConnections ?? facts?.connections;
}

/** What a plan costs a month: `$20`, `a price by contract`, `a price that is not known`. */
export function describePrice(plan: Plan | undefined): string {
  if (plan !== undefined && isCustomPlan(plan)) return "a price by contract";
  const facts = plan && planFacts(plan);
  return facts?.price === undefined ? "a price that is not known" : `$${facts.price}`;
}

/** Whether a plan is one of those agreed with sales. Terraform's provider asks for the capital C. */
export function isCustomPlan(text: string): text is CustomPlan {
  return text.startsWith("Custom");
}

/**
 * The smallest plan that has at least this many bytes; `undefined` when only a custom plan would do.
 *
 * @param among Default the plans that the provider takes.
 */
export function smallestPlanWith(memory: number, among: readonly PlanFacts[] = PROVIDER_PLANS): PlanFacts | undefined {
  return among.find((facts) => facts.memory >= memory);
}

/** Whether going from one plan to another is a downgrade, which Render refuses. Unknown (false) with a custom plan. */
export function isDowngrade(from: Plan, to: Plan): boolean {
  const [before, after] = [planFacts(from), planFacts(to)];
  return before !== undefined && after !== undefined && after.memory < before.memory;
}

/** One line about a plan for people: `standard (1 GB, 1000 connections, $20 a month)`. */
export function describePlan(plan: Plan): string {
  const facts = planFacts(plan);
  if (facts === undefined) return `${plan} (size and price by contract)`;
  const connections = facts.connections ?? "an unknown number of";
  return `${plan} (${formatMemorySize(facts.memory)}, ${connections} connections, ${describePrice(plan)} a month)`;
}

/**
 * The plan that is meant. Memory alone picks the smallest plan that has it; with both, the two must agree.
 *
 * @param memory Bytes.
 * @throws InvalidValue when neither is given, when they disagree, when no plan has that much memory, or when Terraform's
 *   provider refuses the plan.
 */
export function choosePlan(plan: Plan | undefined, memory: number | undefined): Plan {
  const facts = plan && planFacts(plan);
  if (plan !== undefined && (memory === undefined || facts === undefined || facts.memory === memory)) {
    if (facts?.refusedBy !== PROVIDER_VERSION) return plan;
    const names = PROVIDER_PLANS.map(({ name }) => name).join(", ");
    throw new InvalidValue(`must be one of ${names}, or custom, ${UNTIL_NEWER}`, plan);
  }
  // Terraform's provider would take pro_plus.
  if (memory === undefined) throw new InvalidValue(`must be one of ${PLAN_NAMES.join(", ")}`, plan);
  const fitting = smallestPlanWith(memory);
  if (fitting === undefined) {
    const newer = smallestPlanWith(memory, PLANS);
    const hint = newer === undefined ? undefined : `Plan "${newer.name}" has it, but not ${UNTIL_NEWER}.`;
    const most = formatMemorySize(Math.max(...PROVIDER_PLANS.map((each) => each.memory)));
    throw new InvalidValue(`must be at most ${most} without a custom plan`, formatMemorySize(memory), hint);
  }
  if (plan === undefined) return fitting.name;
  throw new InvalidValue(
    `must agree with the memory: ${describePlan(plan)} has no ${formatMemorySize(memory)}`,
    plan,
    `For ${formatMemorySize(memory)} take plan "${fitting.name}", or leave one of the two out.`,
  );
}

const UNTIL_NEWER = `with version ${PROVIDER_VERSION} of Terraform's provider, which refuses newer plans`;

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
