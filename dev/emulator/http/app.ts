import { randomUUID, timingSafeEqual } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import type { Platform } from "../platform.ts";
import { controlApi } from "./control.ts";
import { deploysApi } from "./deploys.ts";
import { envGroupsApi } from "./env-groups.ts";
import { ApiError } from "./error.ts";
import { jobsApi } from "./jobs.ts";
import { keyValueApi } from "./key-value.ts";
import { logsApi } from "./logs.ts";
import { metricsApi } from "./metrics.ts";
import { notificationsApi } from "./notifications.ts";
import { ownersApi } from "./owners.ts";
import { environmentsApi, projectsApi } from "./projects.ts";
import type { RateLimits } from "./rate-limits.ts";
import { RequestLog } from "./request-log.ts";
import { serviceSettingsApi } from "./service-settings.ts";
import { eventsApi, servicesApi } from "./services.ts";

const VERSION = "/v1";

/** Render's API under `/v1`, and beside it `/local`, which steers this Render. */
export function createApp(platform: Platform, limits: RateLimits, log: (line: string) => void): Hono {
  const requests = new RequestLog();
  const authenticated = requireKey(platform);
  const app = new Hono();

  app.use("*", async (context, next) => {
    context.header("Render-Request-Id", randomUUID());
    await next();
  });
  app.use(`${VERSION}/*`, recorded(requests), limited(limits), late(platform), authenticated, faulty(platform));
  app.use("/local/*", authenticated);

  app.route(VERSION, renderApi(platform));
  app.route("/local", controlApi(platform, requests));

  app.notFound((context) => context.json({ message: `not found: ${context.req.method} ${context.req.path}` }, 404));
  app.onError((error, context) => {
    if (error instanceof ApiError) return context.json({ message: error.message }, error.status);
    // Only the kind of error: its text may hold what the request held.
    log(`${context.req.method} ${context.req.path} failed inside the local Render: ${error.name}`);
    return context.json({ message: "internal server error" }, 500);
  });
  return app;
}

function renderApi(platform: Platform): Hono {
  return new Hono()
    .route("/key-value", keyValueApi(platform, "key-value"))
    .route("/redis", keyValueApi(platform, "redis"))
    .route("/env-groups", envGroupsApi(platform))
    .route("/services", servicesApi(platform))
    .route("/services", serviceSettingsApi(platform))
    .route("/services", deploysApi(platform))
    .route("/services", jobsApi(platform))
    .route("/projects", projectsApi(platform))
    .route("/environments", environmentsApi(platform))
    .route("/logs", logsApi(platform))
    .route("/metrics", metricsApi(platform))
    .route("/notification-settings/overrides", notificationsApi(platform))
    .route("/events", eventsApi(platform))
    .route("/owners", ownersApi(platform));
}

function recorded(requests: RequestLog) {
  return createMiddleware(async (context, next) => {
    const at = new Date().toISOString();
    await next();
    const { method } = context.req;
    requests.add({ at, method, path: context.req.path.slice(VERSION.length), status: context.res.status });
  });
}

function limited(limits: RateLimits) {
  return createMiddleware(async (context, next) => {
    const { limit, remaining, reset, exceeded } = limits.count(
      context.req.method,
      context.req.path.slice(VERSION.length),
    );
    context.header("Ratelimit-Limit", String(limit));
    context.header("Ratelimit-Remaining", String(remaining));
    context.header("Ratelimit-Reset", String(reset));
    if (!exceeded) return next();
    context.header("Retry-After", String(reset));
    throw new ApiError(429, "rate limit exceeded");
  });
}

function late({ faults }: Platform) {
  return createMiddleware(async (_context, next) => {
    if (faults.settings.latencyMs > 0) await delay(faults.settings.latencyMs);
    await next();
  });
}

function requireKey({ store }: Platform) {
  return createMiddleware(async (context, next) => {
    const given = Buffer.from(context.req.header("authorization") ?? "");
    const wanted = Buffer.from(`Bearer ${store.state.apiKey}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new ApiError(401, "Unauthorized");
    await next();
  });
}

function faulty({ faults }: Platform) {
  return createMiddleware<{ Bindings: HttpBindings }>(async (context, next) => {
    const { method } = context.req;
    const path = context.req.path.slice(VERSION.length);
    if (faults.strikes("tooManyRequests", method, path)) {
      context.header("Retry-After", String(faults.settings.tooManyRequests?.retryAfterSeconds ?? 1));
      throw new ApiError(429, "rate limit exceeded");
    }
    if (faults.strikes("serverError", method, path)) {
      throw new ApiError(faults.settings.serverError?.status ?? 500, "internal server error");
    }
    if (faults.strikes("garbage", method, path)) return context.html("<!doctype html><title>Not the API</title>");
    await next();
    if (faults.strikes("brokenConnection", method, path)) context.env.incoming.socket.destroy();
    return undefined;
  });
}
