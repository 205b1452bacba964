import { randomUUID, timingSafeEqual } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { type Context, type ErrorHandler, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { sleep } from "../../../runtime/wait.ts";
import { Refusal } from "../state/refusal.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { RateLimits } from "./rate-limits.ts";
import { RequestLog } from "./request-log.ts";
import { localApi, renderApi } from "./routes.ts";

const VERSION = "/v1";
/** Larger than any secret file that Render takes. */
const MOST_BODY_BYTES = 2 * 1024 ** 2;
/** The names of this machine. Another one in the Host header is a page that has pointed its own name here. */
const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;
const STATUSES = { invalid: 400, missing: 404, conflict: 409 } as const;

/** Render's API under `/v1`, and beside it `/local`, which steers this emulator. */
export function createApp(workspace: Workspace, limits: RateLimits, log: (line: string) => void): Hono {
  const requests = new RequestLog();
  const authenticated = requireKey(workspace);
  const onError: ErrorHandler = (error, context) => {
    if (error instanceof Refusal) return context.json({ message: error.message }, STATUSES[error.reason]);
    // Only the kind of error: its text may hold what the request held.
    log(`${context.req.method} ${context.req.path} failed inside the emulator: ${error.name}`);
    return context.json({ message: "internal server error" }, 500);
  };
  const app = new Hono();

  app.use("*", async (context, next) => {
    context.header("Render-Request-Id", randomUUID());
    await next();
  });
  app.use("*", fromThisMachine);
  // Who has no key gets no answer that costs anything, and uses up nobody's rate.
  const bounded = bodyLimit({ maxSize: MOST_BODY_BYTES, onError: tooLarge });
  app.use(
    `${VERSION}/*`,
    recorded(requests),
    authenticated,
    limited(limits),
    late(workspace),
    bounded,
    faulty(workspace),
  );
  app.use("/local/*", authenticated, bounded);
  app.route(VERSION, renderApi(workspace).onError(onError));
  app.route("/local", localApi(workspace, requests));
  app.notFound((context) => context.json({ message: `not found: ${context.req.method} ${context.req.path}` }, 404));
  app.onError(onError);
  return app;
}

/** Refuses what a browser sends for another page: its host is another one, or its body is what a form can send. */
const fromThisMachine = createMiddleware(async (context, next) => {
  const { method } = context.req;
  if (!OWN_HOST.test(context.req.header("host") ?? "")) return context.json({ message: "not for this host" }, 403);
  const type = context.req.header("content-type");
  const hasBody = method !== "GET" && method !== "DELETE" && type !== undefined;
  if (hasBody && !/^application\/json\b/i.test(type)) {
    return context.json({ message: "the body must be application/json" }, 415);
  }
  return next();
});

function tooLarge(context: Context): Response {
  return context.json({ message: `the body has more than ${MOST_BODY_BYTES} bytes` }, 413);
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
    return context.json({ message: "rate limit exceeded" }, 429);
  });
}

function late({ faults }: Workspace) {
  return createMiddleware(async (_context, next) => {
    if (faults.settings.latencyMs > 0) await sleep(faults.settings.latencyMs);
    await next();
  });
}

function requireKey({ store }: Workspace) {
  return createMiddleware(async (context, next) => {
    const given = Buffer.from(context.req.header("authorization") ?? "");
    const wanted = Buffer.from(`Bearer ${store.settings.apiKey}`);
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return next();
    return context.json({ message: "Unauthorized" }, 401);
  });
}

function faulty({ faults }: Workspace) {
  return createMiddleware<{ Bindings: HttpBindings }>(async (context, next) => {
    const { method } = context.req;
    const path = context.req.path.slice(VERSION.length);
    if (faults.strikes("tooManyRequests", method, path)) {
      context.header("Retry-After", String(faults.settings.tooManyRequests?.retryAfterSeconds ?? 1));
      return context.json({ message: "rate limit exceeded" }, 429);
    }
    if (faults.strikes("serverError", method, path)) {
      return context.json({ message: "internal server error" }, faults.settings.serverError?.status ?? 500);
    }
    if (faults.strikes("garbage", method, path)) return context.html("<!doctype html><title>Not the API</title>");
    await next();
    if (faults.strikes("brokenConnection", method, path)) context.env.incoming.socket.destroy();
    return undefined;
  });
}
