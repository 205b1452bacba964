const MINUTE = 60;
const HOUR = 3_600;

interface Bucket {
  readonly name: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

/** What a caller may still do, as the `Ratelimit-*` headers say it. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the whole limit is there again. */
  readonly reset: number;
  readonly exceeded: boolean;
}

/**
 * Render's limits, as its answers show them: reading, writing, creating paid things, and deploying a service each have
 * their own.
 */
export class RateLimits {
  readonly #used = new Map<string, { count: number; endsAt: number }>();
  readonly #enforced: boolean;

  constructor(enforced: boolean) {
    this.#enforced = enforced;
  }

  /** Counts a call. @param path Without `/v1`. */
  count(method: string, path: string): Allowance {
    const { name, limit, windowSeconds } = bucketOf(method, path);
    const now = Date.now();
    const current = this.#used.get(name);
    const window =
      current === undefined || current.endsAt <= now ? { count: 0, endsAt: now + windowSeconds * 1_000 } : current;
    this.#used.set(name, window);
    const exceeded = this.#enforced && window.count >= limit;
    if (!exceeded) window.count += 1;
    return {
      limit,
      remaining: Math.max(0, limit - window.count),
      reset: Math.ceil((window.endsAt - now) / 1_000),
      exceeded,
    };
  }
}

function bucketOf(method: string, path: string): Bucket {
  if (method === "GET") {
    if (path === "/logs") return { name: "logs", limit: 30, windowSeconds: MINUTE };
    return { name: "read", limit: 400, windowSeconds: MINUTE };
  }
  if (method === "POST" && /^\/(services|key-value|redis|postgres)$/.test(path)) {
    return { name: "create", limit: 20, windowSeconds: HOUR };
  }
  const service = /^\/services\/([^/]+)(\/deploys|\/scale)?$/.exec(path);
  if (service !== null && method === (service[2] === undefined ? "PATCH" : "POST")) {
    return { name: `service ${service[1]}`, limit: 10, windowSeconds: MINUTE };
  }
  return { name: "write", limit: 100, windowSeconds: MINUTE };
}
