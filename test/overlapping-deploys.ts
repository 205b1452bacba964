import { z } from "zod";

const policy = z.enum(["override", "wait"]);

/** What Render does with a deploy that begins while another is in progress. */
export type OverlappingDeploys = z.output<typeof policy>;

/**
 * Which of the two a slow test runs with: the one that it names, or, for a run with one of them throughout, that in the variable
 * OVERLAPPING_DEPLOYS.
 */
export function overlappingDeploys(named: OverlappingDeploys): OverlappingDeploys {
  return policy.parse(process.env.OVERLAPPING_DEPLOYS ?? named);
}
