import { z } from "zod";
import type { RenderClient } from "./client.ts";

/** A workspace: a team's (`tea-…`) or a person's (`usr-…`). */
export const ownerSchema = z.object({ id: z.string(), name: z.string() });

export type Owner = z.infer<typeof ownerSchema>;

/** The workspaces that the API key can work in. */
export async function listOwners(client: RenderClient): Promise<Owner[]> {
  return client.list("/owners", "owner", ownerSchema);
}
