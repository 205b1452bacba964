import { z } from "zod";
import { Stop } from "../../runtime/errors.ts";
import { proxyForUrl } from "../../runtime/proxy.ts";
import { type Endpoint, fillPath, type ListEndpoint, type Method, type Params } from "./endpoint.ts";
import { RenderApiError } from "./error.ts";
import { parseJson, type Send, sendWithin } from "./http.ts";

export const RENDER = "https://api.render.com/v1";
/** Milliseconds that one call may take, retries and their waits included, unless the client is told otherwise. */
const DEFAULT_DEADLINE_MS = 60_000;
/** Render's limit for a page; its default of 20 would cost more calls. */
const LARGEST_PAGE = "100";
const CHECK_HOST = "Check RENDER_HOST, if it is set.";
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
  /** Told what a call waits for, once it takes longer than a moment. */
  readonly onWait?: (text: string) => void;
  /** The lists of a workspace that are read once for all clients that share this. Default each is read when it is asked for. */
  readonly listedOnce?: ListedOnce;
}

/** Lists that were begun, by what they list. */
export type ListedOnce = Map<string, Promise<unknown[]>>;

/** What a workspace has few of and many ask for. A caller filters what comes, too. */
const LISTED_ONCE = ["/key-value", "/env-groups"];

/** What must be sent along; nothing where nothing can be. */
type Sent<S extends z.ZodType> = undefined extends z.input<S> ? [sent?: z.input<S>] : [sent: z.input<S>];

const listEntry = z.looseObject({ cursor: z.string().nullish() });

const environment = z.object({
  RENDER_API_KEY: z
    .string({ error: "is not set. Create a key: Render Dashboard, Account Settings, API Keys." })
    .min(1, "is empty. Create a key: Render Dashboard, Account Settings, API Keys.")
    .superRefine((key, { addIssue }) => {
      const at = key.search(/[^!-~]/);
      const code = key.codePointAt(at)?.toString(16).toUpperCase().padStart(4, "0");
      if (at >= 0)
        addIssue(`holds a character that cannot be part of a key: U+${code}, at position ${at + 1}. Copy it again.`);
    }),
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
  readonly #bounded: <T>(work: (send: Send) => Promise<T>) => Promise<T>;
  readonly #listedOnce: ListedOnce | undefined;

  constructor({ host = RENDER, deadlineMs = DEFAULT_DEADLINE_MS, listedOnce, ...options }: RenderClientOptions) {
    this.#listedOnce = listedOnce;
    this.#bounded = (work) => sendWithin({ ...options, host: host.replace(/\/$/, ""), deadlineMs }, work);
  }

  /**
   * A client from `RENDER_API_KEY` and `RENDER_HOST`, as Render's own tools read them.
   *
   * @throws Stop naming the variable that is missing or malformed, a proxy's among them; it never shows a value.
   */
  static fromEnvironment(
    env: Readonly<Record<string, string | undefined>>,
    options: Omit<RenderClientOptions, "apiKey" | "host"> = {},
  ): RenderClient {
    const parsed = environment.safeParse(env);
    if (!parsed.success) {
      throw new Stop(
        "misused",
        parsed.error.issues.map((issue) => `\`${issue.path.join(".")}\` ${issue.message}`).join("\n"),
      );
    }
    const { RENDER_API_KEY: apiKey, RENDER_HOST: host = RENDER } = parsed.data;
    proxyForUrl(host, env);
    return new RenderClient({ ...options, apiKey, host });
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
    return this.#bounded((send) => this.#read(send, method, fillPath(path, params), sent, answer));
  }

  /**
   * All items of a list, page by page until an empty one, or until there are too many pages. All of them together may take
   * as long as one call.
   *
   * @throws RenderApiError as {@link call} does.
   */
  list<P extends string, I extends z.ZodType, F extends string>(
    endpoint: ListEndpoint<P, I, F>,
    params: Params<P>,
    filters: { readonly [Name in F]?: string | undefined } = {},
  ): Promise<z.output<I>[]> {
    const once = LISTED_ONCE.includes(endpoint.path) ? this.#listedOnce : undefined;
    return once === undefined ? this.#list(endpoint, params, filters) : this.#listOnce(once, endpoint, params, filters);
  }

  /** With all that the workspace has. Where the list failed for another, who may have had less time, it is tried again. */
  async #listOnce<P extends string, I extends z.ZodType, F extends string>(
    once: ListedOnce,
    endpoint: ListEndpoint<P, I, F>,
    params: Params<P>,
    { ownerId }: { readonly [Name in F]?: string | undefined } & { readonly ownerId?: string | undefined },
  ): Promise<z.output<I>[]> {
    const key = `${endpoint.path} ${ownerId}`;
    const begun = once.get(key);
    const listed = begun && (await begun.catch(() => undefined));
    if (listed !== undefined) return z.array(endpoint.item).parse(listed);
    const listing = this.#list(endpoint, params, { ownerId });
    once.set(key, listing);
    return listing;
  }

  #list<P extends string, I extends z.ZodType>(
    endpoint: ListEndpoint<P, I, string>,
    params: Params<P>,
    filters: Readonly<Record<string, string | undefined>>,
  ): Promise<z.output<I>[]> {
    return this.#bounded(async (send) => {
      const items: z.output<I>[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < MOST_PAGES; pages += 1) {
        const page = await this.#page(send, endpoint, params, { ...filters, limit: LARGEST_PAGE, cursor });
        items.push(...page.items);
        cursor = page.cursor ?? undefined;
        if (cursor === undefined) return items;
      }
      const explanation = `the list does not end: there is still a next page after ${MOST_PAGES}.`;
      throw new RenderApiError({ call: `GET ${fillPath(endpoint.path, params)}`, reason: "answer", explanation });
    });
  }

  /** The first 20 items of a list, in Render's order. @throws RenderApiError as {@link call} does. */
  first<P extends string, I extends z.ZodType>(
    endpoint: ListEndpoint<P, I, string>,
    params: Params<P>,
  ): Promise<z.output<I>[]> {
    return this.#bounded(async (send) => (await this.#page(send, endpoint, params, { limit: "20" })).items);
  }

  async #page<P extends string, I extends z.ZodType>(
    send: Send,
    { path, key, item }: ListEndpoint<P, I, string>,
    params: Params<P>,
    query: Readonly<Record<string, string | undefined>>,
  ) {
    const call = fillPath(path, params);
    const entries = await this.#read(send, "GET", call, query, z.array(listEntry));
    const items = accept(
      `GET ${call}`,
      z.array(item),
      entries.map((entry) => entry[key]),
    );
    return { items, cursor: entries.at(-1)?.cursor };
  }

  async #read<A extends z.ZodType>(
    send: Send,
    method: Method,
    path: string,
    sent: unknown,
    answer: A,
  ): Promise<z.output<A>> {
    const call = `${method} ${path}`;
    const body = await send(method, path, sent);
    const json = parseJson(body);
    if (json !== undefined || body === "") return accept(call, answer, json);
    throw new RenderApiError({ call, reason: "answer", explanation: `the answer is not JSON. ${CHECK_HOST}` });
  }
}

/** @throws RenderApiError when the answer is not what its schema says. */
function accept<A extends z.ZodType>(call: string, schema: A, answer: unknown): z.output<A> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => `${issue.path.join(".") || "answer"}: ${issue.message}`);
  const explanation = `the answer is not what Render's API is known to send (${fields.slice(0, 3).join("; ")}). ${CHECK_HOST}`;
  throw new RenderApiError({ call, reason: "answer", explanation });
}
