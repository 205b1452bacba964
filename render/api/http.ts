import { z } from "zod";
import { Stop } from "../../runtime/errors.ts";
import { type HttpAnswer, type HttpRequest, sendHttp, TooLong } from "../../runtime/http.ts";
import { ProxyFailure } from "../../runtime/proxy.ts";
import { sleep, until, within } from "../../runtime/wait.ts";
import type { Method } from "./endpoint.ts";
import { RenderApiError, type RenderApiErrorDetails } from "./error.ts";

const BACKOFF_MS = { first: 300, longest: 10_000 } as const;
/** Milliseconds after which a person wants to know what is waited for. */
const SILENT_MS = 1_500;
const TOO_MANY_REQUESTS = 429;
const TRANSIENT_STATUSES = [500, 502, 503, 504];
const ADVICE = "Check the network, and RENDER_HOST if it is set.";
const PROXY_ADVICE = "Check the variable, or list Render's host in NO_PROXY.";

const queryFields = z.record(z.string(), z.string().optional());
const errorBody = z.object({ message: z.string() });
const coded = z.object({ code: z.string() });

interface Options {
  readonly apiKey: string;
  readonly host: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  readonly onWait?: (text: string) => void;
}

/** The text of the answer to a call, after as many attempts as there is time for. @throws RenderApiError */
export type Send = (method: Method, path: string, sent: unknown) => Promise<string>;

/** Bounds one call or several, with their repetitions and waits, by the deadline. */
export function sendWithin<T>(options: Options, work: (send: Send) => Promise<T>): Promise<T> {
  const ends = performance.now() + options.deadlineMs;
  const bounded = (signal: AbortSignal) => {
    return work((method, path, sent) =>
      send(requestOf(options, method, path, sent), { ...options, ends, stop: signal }),
    );
  };
  return within(options.deadlineMs, bounded, options.signal);
}

/** A call as it is sent, any number of times. */
interface Call {
  /** Method and path. */
  readonly name: string;
  readonly url: string;
  readonly request: Omit<HttpRequest, "signal">;
  /** Others may have taken effect before they failed. Doing them twice is worse than saying so. */
  readonly idempotent: boolean;
}

function requestOf({ apiKey, host }: Options, method: Method, path: string, sent: unknown): Call {
  const isQuery = method === "GET" || method === "DELETE";
  const body = isQuery || sent === undefined ? undefined : JSON.stringify(sent);
  const headers = {
    authorization: `Bearer ${apiKey}`,
    accept: "application/json",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const idempotent = method !== "POST" && method !== "PATCH";
  return {
    name: `${method} ${path}`,
    url: `${host}${path}${isQuery ? queryOf(sent) : ""}`,
    request: { method, headers, body, reuse: idempotent },
    idempotent,
  };
}

/** One attempt that failed. */
interface Failure {
  readonly error: RenderApiError;
  /** Whether the same call may be sent again. */
  readonly again: boolean;
  readonly retryAfterMs: number;
  readonly advice: string;
}

/** What a call is bounded by: `stop` fires at a time of `performance.now()` at the latest. */
interface Bounds extends Options {
  readonly stop: AbortSignal;
  readonly ends: number;
}

async function send(
  call: Call,
  { apiKey, deadlineMs, signal, onWait = () => {}, stop, ends }: Bounds,
): Promise<string> {
  const limit = deadlineMs / 1_000;
  const failed = (details: Omit<RenderApiErrorDetails, "call">) => new RenderApiError({ call: call.name, ...details });
  let last: Failure | undefined;
  const look = async () => {
    const outcome = await attempt(call, apiKey, stop);
    if (outcome === undefined || typeof outcome === "string")
      return outcome === undefined ? outcome : { text: outcome };
    last = outcome;
    if (!outcome.again) throw outcome.error;
    const seconds = Math.ceil(outcome.retryAfterMs / 1_000);
    if (performance.now() + outcome.retryAfterMs > ends) {
      const explanation = `${outcome.error.outcome} Render asks to wait ${seconds} s, and there are ${limit} s in all.`;
      throw failed({ reason: "deadline", explanation });
    }
    if (seconds > 1) onWait(`Render's API asks to wait ${seconds} s (${call.name})`);
    return undefined;
  };
  const answered = new AbortController();
  void sleep(SILENT_MS, answered.signal).then((passed) => {
    if (passed) onWait(`waiting for Render's API (${call.name}: ${last?.error.outcome ?? "no answer yet."})`);
  });
  const answer = await until(look, { signal: stop, atLeast: () => last?.retryAfterMs ?? 0, ...BACKOFF_MS }).finally(
    () => {
      answered.abort();
    },
  );
  if (answer !== undefined) return answer.text;
  if (signal?.aborted) {
    throw failed({ reason: "stopped", explanation: "it was stopped.", last: last?.error.outcome });
  }
  const seen = last === undefined ? "." : `; the last attempt: ${last.error.outcome}`;
  const explanation = `no answer within ${limit} s${seen} ${last?.advice ?? ADVICE}`.trimEnd();
  throw failed({ reason: "deadline", explanation });
}

/** @returns The answer's text, or how the attempt failed; `undefined` when the signal ended it. @throws RenderApiError */
async function attempt(call: Call, apiKey: string, signal: AbortSignal): Promise<string | Failure | undefined> {
  const { name, url, request, idempotent } = call;
  let answer: HttpAnswer;
  try {
    answer = await sendHttp(url, { ...request, signal });
  } catch (error) {
    if (signal.aborted) return undefined;
    if (error instanceof TooLong)
      throw new RenderApiError({ call: name, reason: "answer", explanation: error.message });
    if (error instanceof Stop) throw error;
    const isProxy = error instanceof ProxyFailure;
    const advice = isProxy ? PROXY_ADVICE : ADVICE;
    const reported = new RenderApiError({
      call: name,
      reason: "network",
      explanation: `${networkCause(error)}. ${advice}`,
    });
    return { error: reported, again: idempotent && !(isProxy && error.refused), retryAfterMs: 0, advice };
  }
  const { status, statusText, text, headers } = answer;
  if (status >= 200 && status < 300) return text;
  const body = errorBody.safeParse(parseJson(text));
  const message = body.success ? body.data.message : statusText || "no explanation was given";
  const explanation = message.replaceAll(apiKey, "***").replace(/\.?$/, ".");
  const error = new RenderApiError({ call: name, reason: "status", status, explanation });
  // Nothing was done after "too many requests".
  const again = status === TOO_MANY_REQUESTS || (idempotent && TRANSIENT_STATUSES.includes(status));
  return { error, again, retryAfterMs: again ? retryAfterMs(headers["retry-after"]) : 0, advice: "" };
}

function queryOf(sent: unknown): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryFields.parse(sent ?? {}))) {
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? "" : `?${query}`;
}

/** What a text of JSON says; `undefined` when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Milliseconds of `Retry-After`: seconds, as Render sends it, or a date. */
export function retryAfterMs(header: string | undefined): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/** Why there was no answer, in the system's word: `ECONNREFUSED`, `ENOTFOUND`. */
export function networkCause(error: unknown): string {
  if (error instanceof ProxyFailure) return error.message;
  const named = coded.safeParse(error);
  return named.success ? `no connection (${named.data.code})` : "no connection";
}
