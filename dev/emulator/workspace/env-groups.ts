import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import type { Platform } from "../platform.ts";
import { newId } from "../state/ids.ts";
import type { EnvGroupState, EnvVar, SecretFile } from "../state/schema.ts";
import { badRequest, notFound } from "./error.ts";
import { requireOwner } from "./owners.ts";
import { matches, matchesTimes, page } from "./pagination.ts";
import { pathParameter, readBody } from "./request.ts";

const KEY = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

const value = z.union([z.object({ value: z.string() }), z.object({ generateValue: z.literal(true) })], {
  error: 'must be {"value": "…"} or {"generateValue": true}',
});
const key = z
  .string("must be a text")
  .regex(KEY, "must be a name of letters, digits and _ that does not begin with a digit");
const keyed = z.object({ key }).and(value);
const file = z.object({ name: z.string().min(1), content: z.string() });

const creation = z.object({
  name: z.string("must be a text").min(1, "must not be empty"),
  ownerId: z.string("must be the id of a workspace"),
  environmentId: z.string().optional(),
  envVars: z.array(keyed).nullish(),
  secretFiles: z.array(file).nullish(),
  serviceIds: z.array(z.string()).nullish(),
});

/** The variable that a request asks for; Render makes up a value when told to. */
export function readEnvVar(name: string, body: z.infer<typeof value>): EnvVar {
  if (!KEY.test(name)) throw badRequest(`\`key\` must be a name of letters, digits and _, got: "${name}"`);
  return { key: name, value: "value" in body ? body.value : randomBytes(32).toString("base64") };
}

export const envVarValue = value;
export const envVarList = z.array(keyed).nullable();
export const secretFileList = z.array(file).nullable();

/** `/env-groups`. Nothing here deploys a service. */
export function envGroupsApi(platform: Platform): Hono {
  const { store, services } = platform;
  const groups = store.state.envGroups;

  const find = (id: string): EnvGroupState => {
    const group = groups.find((candidate) => candidate.id === id);
    if (group === undefined) throw notFound(id);
    return group;
  };
  const touch = (group: EnvGroupState) => {
    group.updatedAt = new Date().toISOString();
    store.save();
  };
  const saved = (group: EnvGroupState) => {
    touch(group);
    return fullView(platform, group);
  };

  return new Hono()
    .post("/", async (context) => {
      const body = await readBody(context, creation);
      requireOwner(platform, body.ownerId);
      for (const id of body.serviceIds ?? []) services.get(id);
      const now = new Date().toISOString();
      const group: EnvGroupState = {
        id: newId("evg"),
        name: body.name,
        ...(body.environmentId === undefined ? {} : { environmentId: body.environmentId }),
        // The order of Render's answers is not that of the request.
        envVars: (body.envVars ?? []).map((entry) => readEnvVar(entry.key, entry)).reverse(),
        secretFiles: (body.secretFiles ?? []).toReversed(),
        serviceIds: [...(body.serviceIds ?? [])],
        createdAt: now,
        updatedAt: now,
      };
      groups.push(group);
      return context.json(saved(group), 201);
    })
    .get("/", (context) => {
      const found = groups
        .filter(({ name, environmentId }) => {
          return matches(context, { name, environmentId, ownerId: store.state.ownerId });
        })
        .filter((group) => matchesTimes(context, group))
        .reverse();
      return context.json(
        page(
          context,
          found,
          "envGroup",
          (group) => group.id,
          (group) => summaryView(platform, group),
        ),
      );
    })
    .get("/:id", (context) => context.json(fullView(platform, find(pathParameter(context, "id")))))
    .patch("/:id", async (context) => {
      const group = find(pathParameter(context, "id"));
      const { name } = await readBody(context, creation.pick({ name: true }));
      group.name = name;
      return context.json(saved(group));
    })
    .delete("/:id", (context) => {
      groups.splice(groups.indexOf(find(pathParameter(context, "id"))), 1);
      store.save();
      return context.body(null, 204);
    })
    .get("/:id/env-vars/:key", (context) => {
      const group = find(pathParameter(context, "id"));
      return context.json(entryOf(group.envVars, "key", pathParameter(context, "key")));
    })
    .put("/:id/env-vars/:key", async (context) => {
      const group = find(pathParameter(context, "id"));
      const variable = readEnvVar(pathParameter(context, "key"), await readBody(context, value));
      group.envVars = put(group.envVars, "key", variable);
      return context.json(saved(group));
    })
    .delete("/:id/env-vars/:key", (context) => {
      const group = find(pathParameter(context, "id"));
      const gone = entryOf(group.envVars, "key", pathParameter(context, "key"));
      group.envVars = group.envVars.filter((variable) => variable !== gone);
      touch(group);
      return context.body(null, 204);
    })
    .get("/:id/secret-files/:name", (context) => {
      const group = find(pathParameter(context, "id"));
      return context.json(entryOf(group.secretFiles, "name", pathParameter(context, "name")));
    })
    .put("/:id/secret-files/:name", async (context) => {
      const group = find(pathParameter(context, "id"));
      const { content } = await readBody(context, file.pick({ content: true }));
      group.secretFiles = put(group.secretFiles, "name", { name: pathParameter(context, "name"), content });
      return context.json(saved(group));
    })
    .delete("/:id/secret-files/:name", (context) => {
      const group = find(pathParameter(context, "id"));
      const gone = entryOf(group.secretFiles, "name", pathParameter(context, "name"));
      group.secretFiles = group.secretFiles.filter((entry) => entry !== gone);
      touch(group);
      return context.body(null, 204);
    })
    .post("/:id/services/:serviceId", (context) => {
      const group = find(pathParameter(context, "id"));
      const service = services.get(pathParameter(context, "serviceId"));
      if (group.environmentId !== undefined && group.environmentId !== service.environmentId) {
        throw badRequest(`${group.id} belongs to environment ${group.environmentId}, and ${service.id} does not`);
      }
      if (!group.serviceIds.includes(service.id)) group.serviceIds.push(service.id);
      return context.json(saved(group));
    })
    .delete("/:id/services/:serviceId", (context) => {
      const group = find(pathParameter(context, "id"));
      const serviceId = pathParameter(context, "serviceId");
      if (!group.serviceIds.includes(serviceId)) throw notFound(serviceId);
      group.serviceIds = group.serviceIds.filter((id) => id !== serviceId);
      touch(group);
      return context.body(null, 204);
    });
}

/** The list shows groups without their contents, unlike what Render's own OpenAPI document leaves one to expect. */
function summaryView({ store, services }: Platform, group: EnvGroupState) {
  const { id, name, environmentId, createdAt, updatedAt } = group;
  return {
    createdAt,
    ...(environmentId === undefined ? {} : { environmentId }),
    id,
    name,
    ownerId: store.state.ownerId,
    serviceLinks: services.all
      .filter((service) => group.serviceIds.includes(service.id))
      .map((service) => ({ id: service.id, name: service.name, type: LINK_TYPES[service.type] })),
    updatedAt,
  };
}

function fullView(platform: Platform, group: EnvGroupState) {
  const { envVars, secretFiles } = group;
  return { ...summaryView(platform, group), envVars, secretFiles };
}

const LINK_TYPES = {
  web_service: "web",
  private_service: "pserv",
  static_site: "static",
  background_worker: "worker",
  cron_job: "cron",
} as const;

/** Replaces an entry of the same name, or puts a new one in front, where Render shows it. */
export function put<K extends "key" | "name", T extends Record<K, string>>(
  entries: readonly T[],
  by: K,
  entry: T,
): T[] {
  const known = entries.some((candidate) => candidate[by] === entry[by]);
  if (!known) return [entry, ...entries];
  return entries.map((candidate) => (candidate[by] === entry[by] ? entry : candidate));
}

/** @throws ApiError when there is no entry of that name. */
export function entryOf<K extends "key" | "name", T extends EnvVar | SecretFile>(
  entries: readonly (T & Record<K, string>)[],
  by: K,
  name: string,
): T {
  const found = entries.find((entry) => entry[by] === name);
  if (found === undefined) throw notFound(name);
  return found;
}
