import { InvalidValue } from "../runtime/invalid-value.ts";
import { formatMemorySize, parseMemorySize } from "./memory-size.ts";
import { describePlan, PLAN_NAMES, type Plan, parsePlan, planFacts, smallestPlanWith } from "./plans.ts";
import { PERSISTENCE_MODES, type PersistenceMode, parsePersistenceMode } from "./spellings.ts";

/** How a plan is asked for: by name, by memory, or by both, which must then agree. */
export interface PlanChoice {
  readonly plan?: string | undefined;
  readonly memory?: string | undefined;
}

/**
 * The plan that is meant. Memory alone picks the smallest plan that has it.
 *
 * @throws InvalidValue when neither is given, when they disagree, or when no plan has that much memory.
 */
export function choosePlan(choice: PlanChoice): Plan {
  const memory = choice.memory === undefined ? undefined : parseMemorySize(choice.memory);
  if (choice.plan === undefined) {
    // Terraform's provider would take pro_plus, $250 a month.
    if (memory === undefined) throw new InvalidValue(`must be one of ${PLAN_NAMES.join(", ")}`, choice.plan);
    const smallest = smallestPlanWith(memory);
    if (smallest !== undefined) return smallest.name;
    throw new InvalidValue("must be at most 10 GB without a custom plan", choice.memory);
  }
  const plan = parsePlan(choice.plan);
  const facts = planFacts(plan);
  if (memory === undefined || facts === undefined || facts.memory === memory) return plan;
  const fitting = smallestPlanWith(memory);
  const fit = fitting === undefined ? "no plan" : `plan "${fitting.name}"`;
  throw new InvalidValue(
    `must agree with the memory: ${describePlan(plan)} has no ${formatMemorySize(memory)}`,
    choice.plan,
    `For ${formatMemorySize(memory)} take ${fit}, or leave one of the two out.`,
  );
}

/**
 * The persistence mode of an instance; the plan's default when none is asked for.
 *
 * @throws InvalidValue when the plan does not have the mode: the free plan never persists.
 */
export function choosePersistence(plan: Plan, mode: string | undefined): PersistenceMode {
  const available = planFacts(plan)?.persistence ?? PERSISTENCE_MODES;
  if (mode === undefined) return available[0];
  const chosen = parsePersistenceMode(mode);
  if (available.some((candidate) => candidate === chosen)) return chosen;
  throw new InvalidValue(`must be ${available.join(", ")} on plan ${plan}`, mode, "Only paid plans persist.");
}
