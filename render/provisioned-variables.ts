import { z } from "zod";

/** An instance's id, as Terraform's provisioners hand it over. */
export const instanceIdVariable = z
  .string({ error: "is not set" })
  .regex(/^red-[a-z0-9-]+$/, "is not an instance's id (red-…)");
