import { Hono } from "hono";
import type { Platform } from "../platform.ts";
import { badRequest, notFound } from "./error.ts";
import { page } from "./pagination.ts";
import { pathParameter } from "./request.ts";

/** The workspace, as it stands in the answers about what belongs to it. */
export function ownerView(ownerId: string) {
  return { email: "local@example.com", id: ownerId, name: "Local Workspace", type: "team" } as const;
}

/** @throws ApiError when a request is for another workspace than the one there is. */
export function requireOwner(platform: Platform, ownerId: string): void {
  if (ownerId === platform.store.state.ownerId) return;
  throw badRequest(
    `\`ownerId\` must be the workspace of this API key, ${platform.store.state.ownerId}, got: "${ownerId}"`,
  );
}

export function ownersApi(platform: Platform): Hono {
  const owner = ownerView(platform.store.state.ownerId);
  return new Hono()
    .get("/", (context) => {
      return context.json(
        page(
          context,
          [owner],
          "owner",
          (item) => item.id,
          (item) => item,
        ),
      );
    })
    .get("/:id", (context) => {
      const id = pathParameter(context, "id");
      if (id !== owner.id) throw notFound(id);
      return context.json(owner);
    });
}
