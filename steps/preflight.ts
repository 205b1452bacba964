import type { RenderClient } from "../render/api/client.ts";
import { gatherFacts } from "./preflight-facts.ts";
import { PREFLIGHT_RULES, type Refusal, type Wiring } from "./preflight-rules.ts";

/** What came of one rule; no refusals when it holds. */
export interface PreflightResult {
  readonly title: string;
  readonly refusals: readonly Refusal[];
}

/**
 * Whether a deploy can begin: asks Render, and changes nothing.
 *
 * @throws RenderApiError when Render cannot be asked.
 */
export async function preflight(client: RenderClient, wiring: Wiring): Promise<PreflightResult[]> {
  const facts = await gatherFacts(client, wiring.backend, wiring.ownerId);
  return PREFLIGHT_RULES.map(({ title, refuse }) => ({ title, refusals: refuse(facts, wiring) }));
}
