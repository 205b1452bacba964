import { Hono } from "hono";
import { z } from "zod";
import type { Platform } from "../platform.ts";
import { pathParameter, readBody } from "./request.ts";

const change = z.object({
  notificationsToSend: z.string().optional(),
  previewNotificationsEnabled: z.string().optional(),
});

/** `/notification-settings/overrides`. Nothing is ever sent from here. */
export function notificationsApi(platform: Platform): Hono {
  const { services, store } = platform;
  return new Hono()
    .get("/services/:id", (context) => {
      const service = services.get(pathParameter(context, "id"));
      return context.json({ ...service.notificationOverride, serviceId: service.id });
    })
    .patch("/services/:id", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      const { notificationsToSend, previewNotificationsEnabled } = await readBody(context, change);
      const before = service.notificationOverride;
      service.notificationOverride = {
        notificationsToSend: notificationsToSend ?? before.notificationsToSend,
        previewNotificationsEnabled: previewNotificationsEnabled ?? before.previewNotificationsEnabled,
      };
      store.save();
      return context.json({ ...service.notificationOverride, serviceId: service.id });
    });
}
