import { z } from "zod";
import { type Plan, parsePlan } from "./plans.ts";
import { EVICTION_POLICIES, PERSISTENCE_MODES, REGIONS } from "./spellings.ts";

/**
 * What an instance should be, everything decided: what Terraform is told, and what the checks prove.
 *
 * This is the resolved form, in Render's spelling. People write the environment file, which allows more.
 */
export const instanceDescriptionSchema = z.object({
  /** The environment that describes it: `production`. */
  environment: z.string().min(1),
  name: z.string().min(1),
  region: z.enum(REGIONS),
  plan: z.string().transform((text): Plan => parsePlan(text)),
  evictionPolicy: z.enum(EVICTION_POLICIES),
  persistence: z.enum(PERSISTENCE_MODES),
  /** Who may connect from outside Render; empty means nobody. */
  ipAllowList: z.array(z.object({ cidrBlock: z.string(), description: z.string() })),
  /** Whether the internal URL asks for a password, which only Render's dashboard can switch on. */
  internalAuthentication: z.boolean(),
});

export type InstanceDescription = Readonly<z.infer<typeof instanceDescriptionSchema>>;
