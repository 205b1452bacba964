import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { type HttpBindings, serve } from "@hono/node-server";
import { Hono } from "hono";
import { createApp } from "../../../dev/emulator/http/app.ts";
import { RateLimits } from "../../../dev/emulator/http/rate-limits.ts";
import { seedState } from "../../../dev/emulator/state/seed.ts";
import { Store } from "../../../dev/emulator/state/store.ts";
import { Workspace } from "../../../dev/emulator/workspace/workspace.ts";
import { idleMachine } from "../emulator/idle-machine.ts";

export const API_KEY = "rnd_key-of-the-tests";
export const OWNER = "tea-tests";

/** What the API should answer instead of its own answer, once. */
interface Fault {
  readonly call: RegExp;
  /** `broken`: the call takes effect, and the connection breaks. */
  readonly status: 400 | 403 | 409 | 429 | 500 | "broken";
  readonly message?: string;
  readonly headers?: Record<string, string>;
}

/** The emulator in process, with nothing running behind it, and a record of which calls come, in which order, with what bodies. */
export class WatchedRender {
  readonly host: string;
  readonly workspace: Workspace;
  readonly store: Store;
  readonly faults: Fault[];
  readonly #server: Server;
  readonly #watch: Watch;

  private constructor(host: string, workspace: Workspace, server: Server, watch: Watch) {
    this.host = host;
    this.workspace = workspace;
    this.store = workspace.store;
    this.faults = watch.faults;
    this.#server = server;
    this.#watch = watch;
  }

  /** It has the environments `evm-1` and `evm-2`, and the services that are named. */
  static async start(directory: string, ...services: readonly string[]): Promise<WatchedRender> {
    const seed = seedState(API_KEY, directory);
    const state = {
      ...seed,
      ownerId: OWNER,
      environments: seed.environments.map((environment, index) => ({ ...environment, id: `evm-${index + 1}` })),
      services: services.flatMap((id) => seed.services.map((service) => ({ ...service, id, name: id }))),
    };
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "state.json"), JSON.stringify(state));
    const store = Store.open(directory, undefined);
    const gateway = { host: "localhost", port: 6379 };
    const workspace = new Workspace({ store, machine: idleMachine, gateway, delayMs: 0 });
    const app = createApp(workspace, new RateLimits(false), () => {});
    const watch: Watch = { faults: [], bodies: [], calls: [], silent: false };
    const server = serve({ fetch: watched(app, watch).fetch, port: 0, hostname: "127.0.0.1" }) as Server;
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return new WatchedRender(`http://127.0.0.1:${address.port}/v1`, workspace, server, watch);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** When set, calls are taken and never answered. */
  set silent(silent: boolean) {
    this.#watch.silent = silent;
  }

  /** The calls since the last look, with ids shortened to their kind: `GET /key-value/red`. */
  takeCalls(): string[] {
    return this.#watch.calls.splice(0).map((call) => call.replaceAll(/\b(red|evg)-\w+/g, "$1"));
  }

  lastBody(call: RegExp): unknown {
    return this.#watch.bodies.findLast((entry) => call.test(entry.call))?.body;
  }

  /** Deletes all groups, as somebody in the dashboard. */
  deleteGroups(): void {
    for (const group of this.store.envGroups.newest) this.store.envGroups.delete(group);
  }
}

interface Watch {
  readonly faults: Fault[];
  readonly bodies: { call: string; body: unknown }[];
  readonly calls: string[];
  silent: boolean;
}

function watched(app: Hono, watch: Watch): Hono<{ Bindings: HttpBindings }> {
  return new Hono<{ Bindings: HttpBindings }>().all("*", async (context) => {
    const url = new URL(context.req.url);
    const call = `${context.req.method} ${url.pathname.replace("/v1", "")}${url.search}`;
    watch.calls.push(call);
    if (watch.silent) await new Promise(() => {});
    const text = await context.req.raw.clone().text();
    if (text !== "") watch.bodies.push({ call, body: JSON.parse(text) });
    const at = watch.faults.findIndex((each) => each.call.test(call));
    const [fault] = at === -1 ? [] : watch.faults.splice(at, 1);
    if (fault === undefined) return app.fetch(context.req.raw, context.env);
    if (fault.status === "broken") {
      await app.fetch(context.req.raw, context.env);
      context.env.incoming.socket.destroy();
      return context.body(null);
    }
    return context.json({ message: fault.message ?? "" }, fault.status, fault.headers ?? {});
  });
}
