import { Hono } from "hono";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { type NamedPlan, PLAN_NAMES, PLANS, parsePlan, planFacts } from "../../../render/plans.ts";
import { EVICTION_POLICIES, PERSISTENCE_MODES, parseRegion } from "../../../render/spellings.ts";
import { notOneOf } from "../../../runtime/errors.ts";
import type { Platform } from "../platform.ts";
import type { KeyValueState } from "../state/schema.ts";
import { badRequest, notFound } from "./error.ts";
import { ownerView, requireOwner } from "./owners.ts";
import { matches, matchesTimes, page } from "./pagination.ts";
import { pathParameter, readBody, readSetting } from "./request.ts";

const INTERNAL_PORT = 6379;
/** What Render takes when the request names no policy. */
const DEFAULT_POLICY = "allkeys_lru";

const name = z.string("must be a text").min(1, "must not be empty");
const plan = z.string("must be the name of a plan").transform((text) => readSetting("plan", () => namedPlan(text)));
const policy = oneOf("maxmemoryPolicy", EVICTION_POLICIES);
const persistence = oneOf("persistenceMode", PERSISTENCE_MODES);
const ipAllowList = z.array(
  z.object({
    cidrBlock: z.string("must be a block such as 203.0.113.0/24").refine(ipaddr.isValidCIDR, {
      error: "must be a block such as 203.0.113.0/24",
    }),
    description: z.string("must be a text"),
  }),
);

const creation = z.object({
  name,
  ownerId: z.string("must be the id of a workspace"),
  plan,
  region: z
    .string()
    .default("oregon")
    .transform((text) => readSetting("region", () => parseRegion(text))),
  maxmemoryPolicy: policy.default(DEFAULT_POLICY),
  persistenceMode: persistence.optional(),
  ipAllowList: ipAllowList.nullish(),
  environmentId: z.string().optional(),
});

const change = z.object({
  name: name.optional(),
  plan: plan.optional(),
  maxmemoryPolicy: policy.optional(),
  persistenceMode: persistence.optional(),
  ipAllowList: ipAllowList.nullish(),
});

/** The two names under which Render serves the same instances. */
export type KeyValueDialect = "key-value" | "redis";

/** `/key-value`, and the older `/redis`, which differs in the names of two fields. */
export function keyValueApi(platform: Platform, dialect: KeyValueDialect): Hono {
  const { keyValues, store } = platform;
  const itemKey = dialect === "redis" ? "redis" : "keyValue";
  const view = (instance: KeyValueState) => keyValueView(platform, instance);
  return new Hono()
    .post("/", async (context) => {
      const body = await readBody(context, creation);
      requireOwner(platform, body.ownerId);
      const { environmentId } = body;
      if (environmentId !== undefined && !store.state.environments.some((known) => known.id === environmentId)) {
        throw notFound(environmentId);
      }
      const { persistenceMode } = body;
      const settings = { ...body, environmentId, persistenceMode, ipAllowList: body.ipAllowList ?? [] };
      // Render says "creating" only from the second answer on.
      return context.json({ ...view(keyValues.create(settings)), status: "unknown" }, 201);
    })
    .get("/", (context) => {
      const found = keyValues.all
        .filter(({ id, name: itsName, region, environmentId }) => {
          return matches(context, { id, name: itsName, region, environmentId, ownerId: store.state.ownerId });
        })
        .filter((instance) => matchesTimes(context, instance))
        .reverse();
      const withDashboard = (instance: KeyValueState) => ({
        ...view(instance),
        dashboardUrl: `https://dashboard.render.com/r/${instance.id}`,
      });
      return context.json(page(context, found, itemKey, (instance) => instance.id, withDashboard));
    })
    .get("/:id", (context) => context.json(view(keyValues.get(pathParameter(context, "id")))))
    .patch("/:id", async (context) => {
      const id = pathParameter(context, "id");
      keyValues.get(id);
      const { ipAllowList: list, ...changes } = await readBody(context, change);
      return context.json(view(keyValues.update(id, { ...changes, ipAllowList: list ?? undefined })));
    })
    .delete("/:id", (context) => {
      const id = pathParameter(context, "id");
      keyValues.delete(id);
      store.state.logStreams = store.state.logStreams.filter((stream) => stream.resourceId !== id);
      store.save();
      return context.body(null, 204);
    })
    .get("/:id/connection-info", (context) => {
      const { cliCommand, ...urls } = connectionInfo(platform, keyValues.get(pathParameter(context, "id")));
      return context.json({ ...urls, [dialect === "redis" ? "redisCLICommand" : "cliCommand"]: cliCommand });
    })
    .post("/:id/suspend", (context) => {
      keyValues.suspend(pathParameter(context, "id"));
      return context.body(null, 202);
    })
    .post("/:id/resume", (context) => {
      keyValues.resume(pathParameter(context, "id"));
      return context.body(null, 202);
    });
}

function keyValueView(platform: Platform, instance: KeyValueState) {
  const { id, name: itsName, region, status, environmentId, createdAt, updatedAt, ipAllowList: list } = instance;
  const alias = planFacts(instance.plan)?.aliases[0];
  return {
    createdAt,
    ...(environmentId === undefined ? {} : { environmentId }),
    id,
    ipAllowList: list.length === 0 ? null : list,
    name: itsName,
    // The real provider reads both fields without asking whether they are there.
    options: { maxmemoryPolicy: instance.maxmemoryPolicy, persistenceMode: instance.persistenceMode },
    owner: ownerView(platform.store.state.ownerId),
    plan: platform.faults.settings.newPlanNames ? (alias ?? instance.plan) : instance.plan,
    region,
    status,
    updatedAt,
    version: platform.keyValues.version,
  };
}

function connectionInfo(platform: Platform, { id, password, internalAuthentication }: KeyValueState) {
  const { host, port } = platform.gateway;
  const credentials = internalAuthentication ? `${id}:${password}@` : "";
  return {
    internalConnectionString: `redis://${credentials}${id}:${INTERNAL_PORT}`,
    externalConnectionString: `rediss://${id}:${password}@${host}:${port}`,
    // Render, too, begins it with a space, so that shells keep it out of their history.
    cliCommand: ` REDISCLI_AUTH=${password} valkey-cli --user ${id} -h ${host} -p ${port} --tls`,
  };
}

function namedPlan(text: string): NamedPlan {
  const parsed = parsePlan(text);
  const known = PLANS.find((facts) => facts.name === parsed);
  if (known === undefined) throw notOneOf(PLAN_NAMES, text);
  return known.name;
}

/** Render's API takes its own spelling only, where this project's files take several. */
function oneOf<const T extends string>(field: string, allowed: readonly T[]) {
  return z.string(`must be one of ${allowed.join(", ")}`).transform((text): T => {
    const found = allowed.find((value) => value === text);
    if (found === undefined) throw badRequest(`\`${field}\` ${notOneOf(allowed, text).message}`);
    return found;
  });
}
