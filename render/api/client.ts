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
/**
 * A shorter page is the last one: in the recordings 102 such pages of variables and secret files were read on, and each was
 * followed by an empty one. A page of this length or more may be full: no recording shows that Render heeds a larger limit.
 */
const DEFAULT_PAGE = 20;
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
  /** What is asked once for all clients that share this. Default all is asked when it is needed. */
  readonly askedOnce?: AskedOnce;
}

/** Answers that were asked for, by the call. */
export type AskedOnce = Map<string, Promise<unknown>>;

/** What several parts of a run need, and what does not change meanwhile. A list comes whole: a caller filters it, too. */
const ASKED_ONCE: readonly string[] = ["/key-value", "/env-groups", "/key-value/:id/connection-info"];

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

/** The workspace to look in: `RENDER_OWNER_ID`. Without it, all that the key can see. */
export function ownerIdFrom(env: NodeJS.ProcessEnv): string | undefined {
  return env.RENDER_OWNER_ID || undefined;
}

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
  readonly #askedOnce: AskedOnce | undefined;

  constructor({ host = RENDER, deadlineMs = DEFAULT_DEADLINE_MS, askedOnce, ...options }: RenderClientOptions) {
    this.#askedOnce = askedOnce;
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
    const called = fillPath(path, params);
    const ask = () => this.#bounded((send) => this.#read(send, method, called, sent, answer));
    return method === "GET" ? this.#once(path, called, answer, ask) : ask();
  }

  /**
   * All items of a list, page by page until one that is not full, or until there are too many pages. All of them together may
   * take as long as one call.
   *
   * @throws RenderApiError as {@link call} does.
   */
  list<P extends string, I extends z.ZodType, F extends string>(
    endpoint: ListEndpoint<P, I, F>,
    params: Params<P>,
    filters: { readonly [Name in F]?: string | undefined } = {},
  ): Promise<z.output<I>[]> {
    const isWhole = this.#askedOnce !== undefined && ASKED_ONCE.includes(endpoint.path);
    const { ownerId }: { readonly ownerId?: string | undefined } = filters;
    const ask = () => this.#list(endpoint, params, isWhole ? { ownerId } : filters);
    return this.#once(endpoint.path, `${fillPath(endpoint.path, params)} ${ownerId}`, z.array(endpoint.item), ask);
  }

  /** What failed for another, who may have had less time, is asked for again. */
  async #once<A extends z.ZodType>(
    path: string,
    call: string,
    answer: A,
    ask: () => Promise<z.output<A>>,
  ): Promise<z.output<A>> {
    const asked = this.#askedOnce;
    if (asked === undefined || !ASKED_ONCE.includes(path)) return ask();
    const begun = asked.get(call);
    const answered = begun && (await begun.catch(() => undefined));
    if (answered !== undefined) return answer.parse(answered);
    const asking = ask();
    asked.set(call, asking);
    return asking;
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
        if (cursor === undefined || page.items.length < DEFAULT_PAGE) return items;
      }
      const explanation = `the list does not end: there is still a next page after ${MOST_PAGES}.`;
      throw new RenderApiError({ call: `GET ${fillPath(endpoint.path, params)}`, reason: "answer", explanation });
    });
  }

  /** The first page of a list, in Render's order. @throws RenderApiError as {@link call} does. */
  first<P extends string, I extends z.ZodType>(
    endpoint: ListEndpoint<P, I, string>,
    params: Params<P>,
  ): Promise<z.output<I>[]> {
    return this.#bounded(
      async (send) => (await this.#page(send, endpoint, params, { limit: String(DEFAULT_PAGE) })).items,
    );
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
