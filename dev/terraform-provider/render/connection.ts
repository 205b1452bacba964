import type { Api } from "./api.ts";

/** What the resources work with. */
export interface RenderConnection {
  readonly api: Api;
  /** The workspace that new resources belong to. */
  readonly ownerId: string;
}
