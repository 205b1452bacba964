import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { ExpectedInstance } from "../../../render/instance.ts";
import { USER } from "./redis-server.ts";

/** A small part of Render's API, for what the local Render cannot be made to say. */
export interface TestApi {
  readonly host: string;
  readonly calls: readonly string[];
  stop(): Promise<void>;
}

export interface TestApiOptions {
  /** What the API gives as the external connection string. */
  readonly url?: string;
  /** Fields of the instance that differ from a good one. */
  readonly instance?: object;
  /** Milliseconds that every answer takes. */
  readonly latencyMs?: number;
  /** Answers a call itself, instead of the instance; `false` when it does not want to. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse, call: number) => boolean;
}

/** What the instance of these tests should be. */
export const EXPECTED: ExpectedInstance = {
  environment: "test",
  name: "test-redis",
  region: "oregon",
  plan: "starter",
  evictionPolicy: "noeviction",
  persistence: "journal_snapshot",
  ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
  internalAuthentication: false,
};

/** The instance as the API shows it when all is well. */
export const INSTANCE = {
  id: USER,
  name: EXPECTED.name,
  plan: EXPECTED.plan,
  region: EXPECTED.region,
  status: "available",
  version: "8.1.4",
  options: { maxmemoryPolicy: "noeviction", persistenceMode: "journal_snapshot" },
  ipAllowList: EXPECTED.ipAllowList,
  owner: { id: "tea-test" },
  createdAt: "2026-06-17T08:15:30Z",
  updatedAt: "2026-06-17T08:15:30Z",
};

export async function startTestApi(options: TestApiOptions): Promise<TestApi> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    if (options.answer?.(request, response, calls.length) === true) return;
    const instance = { ...INSTANCE, ...options.instance };
    const path = request.url?.split("?")[0];
    const body = path?.endsWith("/connection-info")
      ? {
          internalConnectionString: `redis://${USER}:6379`,
          externalConnectionString: options.url ?? "",
          cliCommand: "valkey-cli",
        }
      : path === "/v1/key-value"
        ? request.url?.includes("cursor")
          ? []
          : [{ cursor: "c", keyValue: instance }]
        : instance;
    response.setHeader("content-type", "application/json");
    setTimeout(() => response.end(JSON.stringify(body)), options.latencyMs ?? 0);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: `http://127.0.0.1:${address.port}/v1`,
    calls,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers every call with a status and a body. */
export function always(status: number, body: string, headers: Record<string, string> = {}) {
  return (_: IncomingMessage, response: ServerResponse): true => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
    return true;
  };
}
