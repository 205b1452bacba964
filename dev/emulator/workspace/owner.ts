import { invalid } from "../state/refusal.ts";
import type { Store } from "../state/store.ts";

/** The workspace, as it stands in the answers about what belongs to it. */
export function ownerView({ settings }: Store) {
  return { email: "local@example.com", id: settings.ownerId, name: "Local Workspace", type: "team" } as const;
}

/** @throws Refusal when a request is for another workspace than the one there is. */
export function requireOwner({ settings }: Store, ownerId: string): void {
  if (ownerId === settings.ownerId) return;
  throw invalid(`\`ownerId\` must be the workspace of this API key, ${settings.ownerId}, got: "${ownerId}"`);
}
