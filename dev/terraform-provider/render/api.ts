import { Agent, type IncomingMessage, request } from "node:http";
import { request as secureRequest } from "node:https";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { type Endpoint, fillPath, type Params } from "../../../render/api/endpoint.ts";
import { sleep } from "../../../runtime/wait.ts";

const TOO_MANY_REQUESTS = 429;
/** Seconds between the attempts after a 429 that does not say how long to wait. */
const BACKOFF_SECONDS = [1, 5, 10, 20, 40, 60, 120];
const REQUESTS_PER_SECOND = 6;

const refusal = z.object({ message: z.string() });
const causeSchema = z.object({ code: z.string() });

/** A call that failed, in the words of the real provider. */
export class CallFailed extends Error {
  /** HTTP status, when one came. */
  readonly status: { readonly code: number; readonly text: string } | undefined;

  constructor(message: string, status?: CallFailed["status"]) {
    super(message);
    this.name = "CallFailed";
    this.status = status;
  }
}

export interface ApiOptions {
  readonly host: string;
  readonly apiKey: string;
  /** Cancels the call in progress, but not the waiting after a 429: that ends only with the process. */
  readonly signal: AbortSignal;
  /** Fires when the process ends. */
  readonly ended: AbortSignal;
  /** Fulfilled when the next request may be sent. */
  readonly turn: () => Promise<void>;
}

/** What must be sent along; nothing where nothing can be. */
type Sent<S extends z.ZodType> = undefined extends z.input<S> ? [sent?: z.input<S>] : [sent: z.input<S>];

/**
 * Render's API as the real provider 1.9.1 calls it: no time limit, and nothing is repeated but what was answered with 429,
 * which for a call with a body fails, because its body was read already.
 */
export class Api {
  readonly #options: ApiOptions;
  #connected = false;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** @throws CallFailed */
  async call<P extends string, S extends z.ZodType, A extends z.ZodType>(
    { method, path, answer }: Endpoint<P, S, A>,
    params: Params<P>,
    ...[sent]: Sent<S>
  ): Promise<z.output<A>> {
    const asQuery = method === "GET" || method === "DELETE";
    const query =
      asQuery && sent !== undefined ? `?${new URLSearchParams(z.record(z.string(), z.string()).parse(sent))}` : "";
    const url = `${this.#options.host.replace(/\/$/, "")}${fillPath(path, params)}${query}`;
    const body = asQuery || sent === undefined ? undefined : JSON.stringify(sent);
    await this.#options.turn();
    let response = await this.#send(method, url, body);
    const asked = response.headers["retry-after"];
    const waits = asked !== undefined && /^\d+$/.test(asked) ? [Number(asked), ...BACKOFF_SECONDS] : BACKOFF_SECONDS;
    for (const seconds of waits) {
      if (response.statusCode !== TOO_MANY_REQUESTS) break;
      await sleep(seconds * 1_000, this.#options.ended);
      if (body !== undefined) {
        throw failed(method, url, `http: ContentLength=${Buffer.byteLength(body)} with Body length 0`);
      }
      response = await this.#send(method, url, body);
    }
    const { statusCode: code = 0, statusMessage: reason = "" } = response;
    if (code === TOO_MANY_REQUESTS) throw new CallFailed("requests consistently rate limited");
    const said = await text(response);
    if (code < 200 || code > 299) throw new CallFailed(explain(code, said), { code, text: reason });
    return answer.parse(said === "" ? undefined : parseJson(said));
  }

  /** A read whose connection breaks is sent once more where there was a connection already, as Go's client does. */
  async #send(method: string, url: string, body: string | undefined): Promise<IncomingMessage> {
    try {
      return await this.#exchange(method, url, body);
    } catch (error) {
      if (method !== "GET" || !this.#connected || this.#options.signal.aborted) throw error;
      return this.#exchange(method, url, body);
    }
  }

  #exchange(method: string, url: string, body: string | undefined): Promise<IncomingMessage> {
    const { apiKey, signal } = this.#options;
    const headers = {
      authorization: `Bearer ${apiKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    const [send, agent] = url.startsWith("https:") ? [secureRequest, undefined] : [request, new Agent()];
    return new Promise((resolve, reject) => {
      send(url, { method, headers, signal, ...(agent === undefined ? {} : { agent }) })
        .once("error", (error) => {
          reject(failed(method, url, signal.aborted ? "context canceled" : causeOf(error, new URL(url))));
        })
        .once("response", (response) => {
          this.#connected = true;
          resolve(response);
        })
        .end(body);
    });
  }
}

/** One request at a time, and not more than six a second. */
export function limiter(): () => Promise<void> {
  let last = Promise.resolve(true);
  return async () => {
    const turn = last;
    last = turn.then(() => sleep(1_000 / REQUESTS_PER_SECOND));
    await turn;
  };
}

/** The answer, or `undefined` where Render has no such thing. */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CallFailed && error.status?.code === 404) return undefined;
    throw error;
  }
}

/** The answer; where the real provider has words of its own for a failure, those. */
export async function reworded<T>(answer: Promise<T>, words: (error: CallFailed) => string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof CallFailed ? new CallFailed(words(error), error.status) : error;
  }
}

/** Some calls do not show what Render says, only this. */
export const statusCode = ({ message, status }: CallFailed) => {
  return status === undefined ? message : `unexpected status code: ${status.code}`;
};
export const statusLine = ({ message, status }: CallFailed) => {
  return status === undefined ? message : `unexpected status: ${status.code} ${status.text}`;
};

function failed(method: string, url: string, reason: string): CallFailed {
  return new CallFailed(`${method[0]}${method.slice(1).toLowerCase()} "${url}": ${reason}`);
}

function causeOf(error: unknown, { hostname, port }: URL): string {
  const code = causeSchema.safeParse(error).data?.code;
  if (code === "ECONNREFUSED") return `dial tcp ${hostname}:${port}: connect: connection refused`;
  if (code === "ENOTFOUND") return `dial tcp: lookup ${hostname}: no such host`;
  return code === "ECONNRESET" ? "EOF" : String(code);
}

function explain(code: number, said: string): string {
  if (code === 404) return "not found";
  if (code < 400 || code >= 500) return `unexpected status code: ${code}`;
  try {
    return refusal.parse(JSON.parse(said)).message;
  } catch {
    return code === 400 ? "bad request" : `received ${code}`;
  }
}

/** @throws CallFailed as Go's decoder does. */
function parseJson(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    throw new CallFailed(`invalid character '${said[0]}' looking for beginning of value`);
  }
}
