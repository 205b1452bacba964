import type { RenderClient } from "../../../render/api/client.ts";

/** What the resources work with. */
export interface RenderConnection {
  readonly client: RenderClient;
  /** The workspace that new resources belong to. */
  readonly ownerId: string;
}
