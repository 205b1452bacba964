import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import type { Delivery } from "./delivery.ts";
import { errorKind, log } from "./log.ts";
import { CHANNELS, messageSchema } from "./message.ts";
import { failed, pending } from "./queues.ts";

const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** `POST /messages` and `GET /health`. */
export function createBackend(delivery: Delivery, { localOnly }: { readonly localOnly: boolean }): Server {
  return createServer((request, response) => {
    // A web page that has pointed its own name to this machine.
    if (localOnly && !OWN_HOST.test(request.headers.host ?? ""))
      return answer(response, 403, { error: "another host" });
    return route(delivery, request, response).catch((error: unknown) => {
      log("✗", `${request.method} ${request.url}: ${errorKind(error)}`);
      answer(response, 502, { error: "The message was not sent. Send it again with the same id." });
    });
  });
}

async function route(delivery: Delivery, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = `${request.method} ${request.url?.split("?")[0]}`;
  if (call === "GET /health") return answer(response, 200, await health(delivery));
  if (call !== "POST /messages") return answer(response, 404, { error: "POST /messages or GET /health" });
  // What another site's page can send without being asked is a form.
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    return answer(response, 415, { error: "The content type must be application/json." });
  }
  const message = messageSchema.safeParse(await json(request).catch(() => undefined));
  if (!message.success) return answer(response, 400, { error: z.prettifyError(message.error) });
  const mode = await delivery.accept(message.data);
  return answer(response, mode === "queued" ? 202 : 200, { id: message.data.id, mode });
}

/**
 * It says that this process can take messages, which it can without Redis. Were it an error to have none, Render would
 * restart the backend for as long as Redis is away.
 */
async function health(delivery: Delivery) {
  const depth = await delivery.depth();
  return {
    mode: delivery.mode,
    queues: delivery.mode === "queued" ? Object.values(CHANNELS) : [],
    ...(depth === undefined ? {} : { pending: pending(depth), failed: failed(depth), depth }),
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}
