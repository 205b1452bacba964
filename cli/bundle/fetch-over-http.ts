import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

/** The part of a request that Render's client uses. */
interface Request {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/**
 * Replaces `fetch` where the checks are one file. Node loads its own at its first use, which takes longer than all the
 * checks together. For a few JSON calls its older client is enough.
 */
export function fetch(url: string, { method, headers, body, signal }: Request) {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const request = send(url, { method, headers, ...(signal === undefined ? {} : { signal }) }, (message) => {
      readText(message).then(
        (text) => resolve(answer(message, text)),
        (error: unknown) => reject(failed(error)),
      );
    });
    request.on("error", (error) => reject(failed(error)));
    request.end(body);
  });
}

function answer({ statusCode: status = 0, statusMessage: statusText, headers }: IncomingMessage, text: string) {
  return {
    status,
    statusText,
    ok: status >= 200 && status < 300,
    headers: { get: (name: string) => headers[name.toLowerCase()] ?? null },
    text: async () => text,
    json: async (): Promise<unknown> => JSON.parse(text),
  };
}

async function readText(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** `fetch` fails with a TypeError whose cause says why. */
function failed(cause: unknown): TypeError {
  return new TypeError("fetch failed", { cause });
}
