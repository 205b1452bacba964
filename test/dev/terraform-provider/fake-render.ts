import { once } from "node:events";
import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { Hono } from "hono";

export const API_KEY = "rnd_key-of-the-tests";
export const OWNER = "tea-tests";

interface Instance {
  id: string;
  name: string;
  plan: string;
  region: string;
  status: string;
  version: string;
  environmentId?: string;
  ipAllowList: { cidrBlock: string; description: string }[] | null;
  options: { maxmemoryPolicy: string; persistenceMode: string };
  owner: { id: string };
  createdAt: string;
  updatedAt: string;
}

interface Group {
  id: string;
  name: string;
  ownerId: string;
  environmentId?: string;
  envVars: { key: string; value: string }[];
  secretFiles: { name: string; content: string }[];
  serviceLinks: { id: string; name: string; type: string }[];
  createdAt: string;
  updatedAt: string;
}

/** What the API should answer instead of its own answer, once. */
interface Fault {
  readonly call: RegExp;
  readonly status: 400 | 403 | 409 | 429 | 500;
  readonly message?: string;
  readonly headers?: Record<string, string>;
}

/** Just enough of Render's API to see which calls a provider makes, in which order and with what bodies. */
export class FakeRender {
  readonly instances = new Map<string, Instance>();
  readonly groups = new Map<string, Group>();
  readonly logStreams = new Map<string, object>();
  readonly faults: Fault[] = [];
  readonly bodies: { call: string; body: unknown }[] = [];
  /** When set, calls are taken and never answered. */
  silent = false;
  /** `METHOD path` of every call since the last look. */
  #calls: string[] = [];
  #count = 0;
  #server: Server | undefined;

  async start(): Promise<string> {
    const server = serve({ fetch: this.#app().fetch, port: 0, hostname: "127.0.0.1" }) as Server;
    await once(server, "listening");
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}/v1`;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** The calls since the last look, with ids shortened to their kind: `GET /key-value/red`. */
  takeCalls(): string[] {
    const calls = this.#calls.map((call) => call.replaceAll(/\b(red|evg)-\d+/g, "$1"));
    this.#calls = [];
    return calls;
  }

  lastBody(call: RegExp): unknown {
    return this.bodies.findLast((entry) => call.test(entry.call))?.body;
  }

  #app(): Hono {
    const app = new Hono().basePath("/v1");
    app.use(async (c, next) => {
      const url = new URL(c.req.url);
      const call = `${c.req.method} ${url.pathname.replace("/v1", "")}${url.search}`;
      this.#calls.push(call);
      if (this.silent) await new Promise(() => {});
      const text = await c.req.raw.clone().text();
      if (text !== "") this.bodies.push({ call, body: JSON.parse(text) });
      if (c.req.header("authorization") !== `Bearer ${API_KEY}`) return c.json({ message: "Unauthorized" }, 401);
      const fault = this.faults.findIndex((each) => each.call.test(call));
      const [found] = fault === -1 ? [] : this.faults.splice(fault, 1);
      if (found !== undefined) return c.json({ message: found.message ?? "" }, found.status, found.headers ?? {});
      return next();
    });
    app.notFound((c) => c.json({ message: `not found: ${c.req.path.split("/").at(-1)}` }, 404));
    this.#keyValue(app);
    this.#logStream(app);
    this.#envGroup(app);
    this.#environment(app);
    return app;
  }

  #environment(app: Hono): void {
    app.post("/environments/:id/resources", async (c) => {
      const { resourceIds } = await c.req.json();
      for (const each of this.#resources(resourceIds)) each.environmentId = c.req.param("id");
      const none = { databasesIds: null, envGroupIds: null, redisIds: null, serviceIds: null };
      const environment = { id: c.req.param("id"), name: "e", projectId: "prj-1", protectedStatus: "unprotected" };
      return c.json({ ...environment, ...none }, 201);
    });
    app.delete("/environments/:id/resources", (c) => {
      for (const each of this.#resources(c.req.queries("resourceIds") ?? [])) {
        if (each.environmentId === c.req.param("id")) delete each.environmentId;
      }
      return c.body(null, 204);
    });
  }

  #resources(ids: readonly string[]): { environmentId?: string }[] {
    return ids.flatMap((id) => [this.instances.get(id), this.groups.get(id)].filter((each) => each !== undefined));
  }

  #keyValue(app: Hono): void {
    app.post("/key-value", async (c) => {
      const body = await c.req.json();
      const id = `red-${++this.#count}`;
      const now = "2026-06-09T16:25:25Z";
      const instance: Instance = {
        id,
        name: body.name,
        plan: body.plan,
        region: body.region,
        status: "unknown",
        version: "8.1.4",
        ...(body.environmentId === undefined ? {} : { environmentId: body.environmentId }),
        ipAllowList: body.ipAllowList.length === 0 ? null : body.ipAllowList.toReversed(),
        options: {
          maxmemoryPolicy: body.maxmemoryPolicy,
          persistenceMode: body.persistenceMode ?? (body.plan === "free" ? "off" : "journal_snapshot"),
        },
        owner: { id: body.ownerId },
        createdAt: now,
        updatedAt: now,
      };
      this.instances.set(id, instance);
      return c.json(instance, 201);
    });
    app.get("/key-value/:id", (c) => {
      const found = this.instances.get(c.req.param("id"));
      return found === undefined ? c.notFound() : c.json(found);
    });
    app.patch("/key-value/:id", async (c) => {
      const found = this.instances.get(c.req.param("id"));
      if (found === undefined) return c.notFound();
      const body = await c.req.json();
      Object.assign(found, {
        name: body.name,
        plan: body.plan,
        ipAllowList: body.ipAllowList.length === 0 ? null : body.ipAllowList,
        options: {
          maxmemoryPolicy: body.maxmemoryPolicy,
          persistenceMode: body.persistenceMode ?? found.options.persistenceMode,
        },
      });
      return c.json(found);
    });
    app.delete("/key-value/:id", (c) => (this.instances.delete(c.req.param("id")) ? c.body(null, 204) : c.notFound()));
    app.get("/key-value/:id/connection-info", (c) => {
      const found = this.instances.get(c.req.param("id"));
      if (found === undefined) return c.notFound();
      const host = `${found.region}-keyvalue.render.com`;
      return c.json({
        internalConnectionString: `redis://${found.id}:6379`,
        externalConnectionString: `rediss://${found.id}:a-password@${host}:6379`,
        cliCommand: ` REDISCLI_AUTH=a-password valkey-cli --user ${found.id} -h ${host} -p 6379 --tls`,
      });
    });
  }

  #logStream(app: Hono): void {
    app.get("/logs/streams/resource/:id", (c) => {
      const found = this.logStreams.get(c.req.param("id"));
      return found === undefined ? c.notFound() : c.json(found);
    });
    app.put("/logs/streams/resource/:id", async (c) => {
      const { setting, endpoint = "" } = await c.req.json();
      const stream = { endpoint, resourceId: c.req.param("id"), setting };
      this.logStreams.set(c.req.param("id"), stream);
      return c.json(stream);
    });
    app.delete("/logs/streams/resource/:id", (c) =>
      this.logStreams.delete(c.req.param("id")) ? c.body(null, 204) : c.notFound(),
    );
  }

  #envGroup(app: Hono): void {
    app.post("/env-groups", async (c) => {
      const body = await c.req.json();
      const now = "2026-06-09T16:25:25Z";
      const group: Group = {
        id: `evg-${++this.#count}`,
        name: body.name,
        ownerId: body.ownerId,
        ...(body.environmentId === undefined ? {} : { environmentId: body.environmentId }),
        envVars: body.envVars.map((each: { key: string; value?: string }) => ({
          key: each.key,
          value: each.value ?? "generated",
        })),
        secretFiles: body.secretFiles,
        serviceLinks: [],
        createdAt: now,
        updatedAt: now,
      };
      this.groups.set(group.id, group);
      return c.json(group, 201);
    });
    app.get("/env-groups/:id", (c) => {
      const found = this.groups.get(c.req.param("id"));
      return found === undefined ? c.notFound() : c.json(found);
    });
    app.patch("/env-groups/:id", async (c) => {
      const found = this.groups.get(c.req.param("id"));
      if (found === undefined) return c.notFound();
      return c.json(Object.assign(found, await c.req.json()));
    });
    app.delete("/env-groups/:id", (c) => (this.groups.delete(c.req.param("id")) ? c.body(null, 204) : c.notFound()));
    app.put("/env-groups/:id/env-vars/:key", async (c) => {
      const found = this.groups.get(c.req.param("id"));
      if (found === undefined) return c.notFound();
      const key = c.req.param("key");
      const { value = "generated" } = await c.req.json();
      found.envVars = [{ key, value }, ...found.envVars.filter((each) => each.key !== key)];
      return c.json(found);
    });
    app.delete("/env-groups/:id/env-vars/:key", (c) => {
      const found = this.groups.get(c.req.param("id"));
      if (found === undefined) return c.notFound();
      found.envVars = found.envVars.filter((each) => each.key !== c.req.param("key"));
      return c.body(null, 204);
    });
    app.put("/env-groups/:id/secret-files/:name", async (c) => {
      const found = this.groups.get(c.req.param("id"));
      if (found === undefined) return c.notFound();
      const name = c.req.param("name");
      const { content } = await c.req.json();
      found.secretFiles = [{ name, content }, ...found.secretFiles.filter((each) => each.name !== name)];
      return c.json(found);
    });
    app.delete("/env-groups/:id/secret-files/:name", (c) => {
      const found = this.groups.get(c.req.param("id"));
      if (found === undefined) return c.notFound();
      found.secretFiles = found.secretFiles.filter((each) => each.name !== c.req.param("name"));
      return c.body(null, 204);
    });
    app.post("/env-groups/:id/services/:service", (c) => {
      const found = this.groups.get(c.req.param("id"));
      if (found === undefined) return c.notFound();
      found.serviceLinks.unshift({ id: c.req.param("service"), name: "api", type: "web" });
      return c.json(found);
    });
    app.delete("/env-groups/:id/services/:service", (c) => {
      const found = this.groups.get(c.req.param("id"));
      if (found === undefined) return c.notFound();
      found.serviceLinks = found.serviceLinks.filter((each) => each.id !== c.req.param("service"));
      return c.body(null, 204);
    });
  }
}
