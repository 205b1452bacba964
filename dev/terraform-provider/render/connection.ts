import type { RenderClient } from "../../../render/api/client.ts";
import { RenderApiError } from "../../../render/api/error.ts";

/** What the resources work with. */
export interface RenderConnection {
  readonly client: RenderClient;
  /** The workspace that new resources belong to. */
  readonly ownerId: string;
}

/** The answer, or `undefined` where Render has no such thing. */
export async function unlessNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RenderApiError && error.status === 404) return undefined;
    throw error;
  }
}
