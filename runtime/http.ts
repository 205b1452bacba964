import { type IncomingMessage, request as requestPlainly } from "node:http";
import { request as requestOverTls } from "node:https";
import { agentFor, ProxyFailure, proxyForUrl } from "./proxy.ts";

/** Bytes. No answer that this project reads comes near it. */
const LONGEST_BODY = 20_000_000;

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Ends the request, and the reading of its answer. */
  readonly signal: AbortSignal;
  /** Whether it may go over a connection that is already open. Such a one may have been closed: then nobody knows whether the request arrived. */
  readonly reuse?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** The answer is longer than {@link LONGEST_BODY}. */
export class TooLong extends Error {
  constructor() {
    super(`the answer is longer than ${LONGEST_BODY / 1_000_000} MB.`);
  }
}

/**
 * One request over HTTP, by way of the proxy that the environment names, and the whole of its answer. A redirect is an answer
 * like any other and never followed: another host must not get the headers. Not by `fetch`: Node loads that at its first use,
 * which takes longer than all the checks together.
 *
 * @throws TooLong; ProxyFailure; Stop for a variable that names no proxy; or the system's error when there is no answer.
 */
export async function sendHttp(
  url: string,
  { method, headers, body, signal, reuse = true }: HttpRequest,
): Promise<HttpAnswer> {
  const isSecure = url.startsWith("https:");
  const proxy = proxyForUrl(url);
  const agent = proxy === undefined ? (reuse ? undefined : false) : await agentFor(isSecure, proxy);
  try {
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method, headers, signal, ...(agent === undefined ? {} : { agent }) };
      const request = (isSecure ? requestOverTls : requestPlainly)(url, options);
      // Without a connection to the proxy Node's client does not notice the signal.
      signal.addEventListener("abort", reject, { once: true });
      request.on("proxyConnect", ({ statusCode: status = 0 }: IncomingMessage) => {
        if (isSecure && proxy !== undefined && status !== 200) reject(new ProxyFailure(proxy, { status }));
      });
      request.on("close", () => signal.removeEventListener("abort", reject));
      request.on("response", resolve).on("error", reject).end(body);
    });
    const { statusCode: status = 0, statusMessage: statusText = "" } = message;
    return { status, statusText, headers: message.headers, text: await textOf(message) };
  } catch (error) {
    if (proxy === undefined || error instanceof ProxyFailure || error instanceof TooLong) throw error;
    throw new ProxyFailure(proxy, { error });
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > LONGEST_BODY) throw new TooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
