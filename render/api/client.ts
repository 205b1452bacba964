import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { z } from "zod";
import { RenderApiError } from "./error.ts";
import { FailedAttempt, networkCause, retryAfterMs } from "./failed-attempt.ts";

/** Milliseconds that one call may take, retries and their waits included, unless the client is told otherwise. */
const DEFAULT_DEADLINE_MS = 60_000;
const BACKOFF_MS = { first: 300, most: 10_000 };
const TOO_MANY_REQUESTS = 429;
const TRANSIENT_STATUSES = [500, 502, 503, 504];
/** Render's limit for a page; its default of 20 would cost more calls. */
const PAGE_SIZE = "100";

/** Where Render's API is and who asks. */
export interface RenderClientOptions {
  /** A key as the dashboard gives it (`rnd_…`). */
  readonly apiKey: string;
  /** The API's address with its version. Default `https://api.render.com/v1`. */
  readonly host?: string | undefined;
  /** Milliseconds that one call may take in all, retries included. Default 60,000. */
  readonly deadlineMs?: number;
  /** Ends every call of this client at once when it fires. */
  readonly signal?: AbortSignal;
}

/** One request. Only `PATCH` and `POST` are not idempotent, so only they are not sent again after a failure. */
export interface RenderRequest {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const listEntry = z.looseObject({ cursor: z.string() });
const errorBody = z.object({ message: z.string() });

const environment = z.object({
  RENDER_API_KEY: z
    .string({ error: "is not set. Create a key: Render Dashboard, Account Settings, API Keys." })
    .min(1, "is empty. Create a key: Render Dashboard, Account Settings, API Keys."),
  RENDER_HOST: z
    .url({ protocol: /^https?$/, error: 'must be an address with its version, such as "https://api.render.com/v1".' })
    .refine((url) => !url.includes("@"), "must not hold a user name or a password.")
    .optional(),
});

/**
 * Render's REST API.
 *
 * A call is repeated on `429` (nothing was done; the answer's `Retry-After` says when), and, when it is idempotent,
 * on 5xx and on network errors, until its deadline. Every answer goes through the caller's zod schema.
 *
 * @see https://api-docs.render.com/reference
 */
export class RenderClient {
  readonly #host: string;
  readonly #apiKey: string;
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | undefined;

  constructor(options: RenderClientOptions) {
    this.#apiKey = options.apiKey;
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
    this.#signal = options.signal;
    this.#host = (options.host ?? "https://api.render.com/v1").replace(/\/$/, "");
  }

  /**
   * A client from `RENDER_API_KEY` and `RENDER_HOST`, as Render's own tools read them.
   *
   * @throws Error naming the variable that is missing or malformed; it never shows a value.
   */
  static fromEnvironment(
    env: Readonly<Record<string, string | undefined>>,
    options: Pick<RenderClientOptions, "deadlineMs" | "signal"> = {},
  ): RenderClient {
    const parsed = environment.safeParse(env);
    if (!parsed.success) {
      throw new Error(parsed.error.issues.map((issue) => `\`${issue.path.join(".")}\` ${issue.message}`).join("\n"));
    }
    return new RenderClient({ ...options, apiKey: parsed.data.RENDER_API_KEY, host: parsed.data.RENDER_HOST });
  }

  /**
   * Calls the API and reads its JSON answer.
   *
   * @throws RenderApiError when the call fails, is not answered in time, or is answered with something else.
   */
  async request<T>(method: Method, path: string, answer: z.ZodType<T>, request: RenderRequest = {}): Promise<T> {
    const call = `${method} ${path}`;
    const body = await this.#send(method, path, request);
    let json: unknown;
    try {
      json = body === "" ? undefined : JSON.parse(body);
    } catch {
      throw new RenderApiError({ call, reason: "answer", explanation: "the answer is not JSON." });
    }
    const parsed = answer.safeParse(json);
    if (!parsed.success) {
      const fields = parsed.error.issues.map((issue) => `${issue.path.join(".") || "answer"}: ${issue.message}`);
      throw new RenderApiError({
        call,
        reason: "answer",
        explanation: `the answer is not what Render's API is known to send (${fields.slice(0, 3).join("; ")}).`,
      });
    }
    return parsed.data;
  }

  /**
   * All items of a list, page by page until an empty one.
   *
   * @param key The name under which each entry holds its item, for example `keyValue`.
   */
  async list<T>(path: string, key: string, item: z.ZodType<T>, query: Record<string, string> = {}): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page = { ...query, limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
      const entries = await this.request("GET", path, z.array(listEntry), { query: page });
      for (const entry of entries) items.push(this.#item(path, entry[key], item));
      cursor = entries.at(-1)?.cursor;
    } while (cursor !== undefined);
    return items;
  }

  #item<T>(path: string, value: unknown, schema: z.ZodType<T>): T {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const field = parsed.error.issues[0]?.path.join(".") ?? "item";
    const explanation = `an item of the list is not what Render's API is known to send (${field}).`;
    throw new RenderApiError({ call: `GET ${path}`, reason: "answer", explanation });
  }

  /** The text of the answer, after as many attempts as the deadline allows. */
  async #send(method: Method, path: string, request: RenderRequest): Promise<string> {
    const call = `${method} ${path}`;
    const idempotent = method === "GET" || method === "PUT" || method === "DELETE";
    const deadline = new AbortController();
    // Not AbortSignal.timeout: it lets the process end, in silence, while a call is waiting.
    const timer = setTimeout(() => deadline.abort(), this.#deadlineMs);
    const signal = this.#signal === undefined ? deadline.signal : AbortSignal.any([this.#signal, deadline.signal]);
    let last: RenderApiError | undefined;
    try {
      return await pRetry(() => this.#attempt(method, path, request, signal), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: BACKOFF_MS.first,
        maxTimeout: BACKOFF_MS.most,
        signal,
        shouldRetry: async ({ error }) => {
          if (!(error instanceof FailedAttempt)) return false;
          last = error.reported;
          // Other calls may have taken effect before they failed; doing them twice is worse than saying so.
          const again = error.status === TOO_MANY_REQUESTS || (idempotent && error.transient);
          if (again) await sleep(error.retryAfterMs, undefined, { signal });
          return again;
        },
      });
    } catch (error) {
      if (this.#signal?.aborted) throw new RenderApiError({ call, reason: "stopped", explanation: "it was stopped." });
      if (deadline.signal.aborted) throw this.#late(call, last);
      throw error instanceof FailedAttempt ? error.reported : error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #attempt(method: Method, path: string, request: RenderRequest, signal: AbortSignal): Promise<string> {
    const call = `${method} ${path}`;
    const query = request.query === undefined ? "" : `?${new URLSearchParams(request.query)}`;
    let response: Response;
    try {
      response = await fetch(`${this.#host}${path}${query}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#apiKey}`,
          accept: "application/json",
          ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        signal,
      });
      if (response.ok) return await response.text();
    } catch (error) {
      signal.throwIfAborted();
      const explanation = `${networkCause(error)}. Check the network, and RENDER_HOST if it is set.`;
      throw new FailedAttempt(new RenderApiError({ call, reason: "network", explanation }), true);
    }
    const { status } = response;
    const explanation = await this.#renderMessage(response);
    const reported = new RenderApiError({ call, reason: "status", status, explanation });
    throw new FailedAttempt(reported, TRANSIENT_STATUSES.includes(status), retryAfterMs(response));
  }

  #late(call: string, last: RenderApiError | undefined): RenderApiError {
    const seconds = this.#deadlineMs / 1_000;
    // Of the last attempt only the outcome: its advice is for when it is all there is to say.
    const outcome = last?.outcome.replace(/\.$/, "");
    const explanation = `no answer within ${seconds} s${outcome === undefined ? "" : `; the last attempt: ${outcome}`}.`;
    return new RenderApiError({ call, reason: "deadline", explanation });
  }

  async #renderMessage(response: Response): Promise<string> {
    const body = errorBody.safeParse(await response.json().catch(() => undefined));
    const message = body.success ? body.data.message : response.statusText || "no explanation was given";
    return `${message.replaceAll(this.#apiKey, "***").replace(/\.?$/, ".")}`;
  }
}
