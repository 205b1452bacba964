import { z } from "zod";
import { Stop } from "../../runtime/errors.ts";
import { sleep, within } from "../../runtime/wait.ts";
import { type Endpoint, fillPath, type ListEndpoint, type Method, type Params } from "./endpoint.ts";
import { RenderApiError } from "./error.ts";
import { networkCause, retryAfterMs } from "./http.ts";

/** Milliseconds that one call may take, retries and their waits included, unless the client is told otherwise. */
const DEFAULT_DEADLINE_MS = 60_000;
const BACKOFF_MS = { first: 300, most: 10_000 };
const TOO_MANY_REQUESTS = 429;
const TRANSIENT_STATUSES = [500, 502, 503, 504];
/** Render's limit for a page; its default of 20 would cost more calls. */
const LARGEST_PAGE = "100";
/** A list that is longer does not end: a cursor that repeats would be followed for ever. */
const MOST_PAGES = 100;

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

/** One attempt that failed. */
interface Failure {
  readonly error: RenderApiError;
  /** Whether the same call may be sent again. */
  readonly again: boolean;
  readonly retryAfterMs: number;
}

/** What must be sent along; nothing where nothing can be. */
type Sent<S extends z.ZodType> = undefined extends z.input<S> ? [sent?: z.input<S>] : [sent: z.input<S>];

const queryFields = z.record(z.string(), z.string().optional());
const listEntry = z.looseObject({ cursor: z.string().nullish() });
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
  readonly #options: RenderClientOptions;
  readonly #host: string;
  readonly #deadlineMs: number;

  constructor(options: RenderClientOptions) {
    this.#options = options;
    this.#host = (options.host ?? "https://api.render.com/v1").replace(/\/$/, "");
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  }

  /**
   * A client from `RENDER_API_KEY` and `RENDER_HOST`, as Render's own tools read them.
   *
   * @throws Stop naming the variable that is missing or malformed; it never shows a value.
   */
  static fromEnvironment(
    env: Readonly<Record<string, string | undefined>>,
    options: Pick<RenderClientOptions, "deadlineMs" | "signal"> = {},
  ): RenderClient {
    const parsed = environment.safeParse(env);
    if (!parsed.success) {
      throw new Stop(
        "misused",
        parsed.error.issues.map((issue) => `\`${issue.path.join(".")}\` ${issue.message}`).join("\n"),
      );
    }
    return new RenderClient({ ...options, apiKey: parsed.data.RENDER_API_KEY, host: parsed.data.RENDER_HOST });
  }

  /**
   * Calls the API and reads its answer.
   *
   * @throws RenderApiError when the call fails, is not answered in time, or is answered with something else.
   */
  call<P extends string, S extends z.ZodType, A extends z.ZodType>(
    { method, path, answer }: Endpoint<P, S, A>,
    params: Params<P>,
    ...[sent]: Sent<S>
  ): Promise<z.output<A>> {
    return this.#read(method, fillPath(path, params), sent, answer);
  }

  /** All items of a list, page by page until an empty one, or until there are too many pages. @throws RenderApiError as {@link call} does. */
  async list<P extends string, I extends z.ZodType, F extends string>(
    endpoint: ListEndpoint<P, I, F>,
    params: Params<P>,
    filters: { readonly [Name in F]?: string | undefined } = {},
  ): Promise<z.output<I>[]> {
    const items: z.output<I>[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const page = await this.#page(endpoint, params, { ...filters, limit: LARGEST_PAGE, cursor });
      items.push(...page.items);
      cursor = page.cursor ?? undefined;
      if (cursor === undefined) return items;
    }
    const explanation = `the list does not end: there is still a next page after ${MOST_PAGES}.`;
    throw new RenderApiError({ call: `GET ${fillPath(endpoint.path, params)}`, reason: "answer", explanation });
  }

  /** The first 20 items of a list, in Render's order. @throws RenderApiError as {@link call} does. */
  async first<P extends string, I extends z.ZodType>(
    endpoint: ListEndpoint<P, I, string>,
    params: Params<P>,
  ): Promise<z.output<I>[]> {
    return (await this.#page(endpoint, params, { limit: "20" })).items;
  }

  async #page<P extends string, I extends z.ZodType>(
    { path, key, item }: ListEndpoint<P, I, string>,
    params: Params<P>,
    query: Readonly<Record<string, string | undefined>>,
  ) {
    const call = fillPath(path, params);
    const entries = await this.#read("GET", call, query, z.array(listEntry));
    const items = accept(
      `GET ${call}`,
      z.array(item),
      entries.map((entry) => entry[key]),
    );
    return { items, cursor: entries.at(-1)?.cursor };
  }

  async #read<A extends z.ZodType>(method: Method, path: string, sent: unknown, answer: A): Promise<z.output<A>> {
    const call = `${method} ${path}`;
    const body = await this.#send(method, path, sent);
    let json: unknown;
    try {
      json = body === "" ? undefined : JSON.parse(body);
    } catch {
      throw new RenderApiError({ call, reason: "answer", explanation: "the answer is not JSON." });
    }
    return accept(call, answer, json);
  }

  /** The text of the answer, after as many attempts as the deadline allows. */
  #send(method: Method, path: string, sent: unknown): Promise<string> {
    const call = `${method} ${path}`;
    const { signal: stop } = this.#options;
    const asQuery = method === "GET" || method === "DELETE";
    const address = `${this.#host}${path}${asQuery ? queryOf(sent) : ""}`;
    const init: RequestInit = {
      method,
      headers: { authorization: `Bearer ${this.#options.apiKey}`, accept: "application/json" },
      // Another host must never get the key.
      redirect: "manual",
    };
    if (!asQuery && sent !== undefined) {
      init.headers = { ...init.headers, "content-type": "application/json" };
      init.body = JSON.stringify(sent);
    }
    let last: RenderApiError | undefined;
    const attempts = async (signal: AbortSignal): Promise<string> => {
      for (let pause = BACKOFF_MS.first; ; pause = Math.min(pause * 2, BACKOFF_MS.most)) {
        const outcome = await this.#attempt(call, address, { ...init, signal });
        if (typeof outcome === "string") return outcome;
        if (outcome?.again === false) throw outcome.error;
        last = outcome?.error ?? last;
        const wait = Math.min(Math.max(pause, outcome?.retryAfterMs ?? 0), this.#deadlineMs);
        if (await sleep(wait, signal)) continue;
        if (!stop?.aborted) throw this.#late(call, last);
        throw new RenderApiError({ call, reason: "stopped", explanation: "it was stopped." });
      }
    };
    return within(this.#deadlineMs, attempts, stop);
  }

  /** @returns The answer's text, or how the attempt failed; `undefined` when the signal ended it. */
  async #attempt(call: string, address: string, init: RequestInit): Promise<string | Failure | undefined> {
    // Other calls may have taken effect before they failed. Doing them twice is worse than saying so.
    const idempotent = init.method !== "POST" && init.method !== "PATCH";
    let response: Response;
    try {
      response = await fetch(address, init);
      if (response.ok) return await response.text();
    } catch (error) {
      if (init.signal?.aborted) return undefined;
      const explanation = `${networkCause(error)}. Check the network, and RENDER_HOST if it is set.`;
      const reported = new RenderApiError({ call, reason: "network", explanation });
      return { error: reported, again: idempotent, retryAfterMs: 0 };
    }
    const { status } = response;
    const explanation = await this.#renderMessage(response);
    // Nothing was done after "too many requests".
    const again = status === TOO_MANY_REQUESTS || (idempotent && TRANSIENT_STATUSES.includes(status));
    const error = new RenderApiError({ call, reason: "status", status, explanation });
    return { error, again, retryAfterMs: retryAfterMs(response) };
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
    return `${message.replaceAll(this.#options.apiKey, "***").replace(/\.?$/, ".")}`;
  }
}

function queryOf(sent: unknown): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryFields.parse(sent ?? {}))) {
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? "" : `?${query}`;
}

/** @throws RenderApiError when the answer is not what its schema says. */
function accept<A extends z.ZodType>(call: string, schema: A, answer: unknown): z.output<A> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => `${issue.path.join(".") || "answer"}: ${issue.message}`);
  const explanation = `the answer is not what Render's API is known to send (${fields.slice(0, 3).join("; ")}).`;
  throw new RenderApiError({ call, reason: "answer", explanation });
}
