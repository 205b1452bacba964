import { Hono } from "hono";
import { z } from "zod";
import type { Platform } from "../platform.ts";
import { newId } from "../state/ids.ts";
import type { EnvironmentState, ProjectState } from "../state/schema.ts";
import { badRequest, notFound } from "./error.ts";
import { ownerView, requireOwner } from "./owners.ts";
import { matches, page, queryValues } from "./pagination.ts";
import { pathParameter, readBody } from "./request.ts";

const name = z.string("must be a text").min(1, "must not be empty");
const protectedStatus = z.enum(["protected", "unprotected"]);
const newEnvironment = z.object({
  name,
  networkIsolationEnabled: z.boolean().default(false),
  protectedStatus: protectedStatus.default("unprotected"),
});
const newProject = z.object({
  name,
  ownerId: z.string("must be the id of a workspace"),
  environments: z.array(newEnvironment).min(1, "must have at least one entry"),
});
const environmentChange = z.object({
  name: name.optional(),
  networkIsolationEnabled: z.boolean().optional(),
  protectedStatus: protectedStatus.optional(),
});

/** `/projects`. */
export function projectsApi(platform: Platform): Hono {
  const { store } = platform;
  const find = (id: string): ProjectState => {
    const project = store.state.projects.find((candidate) => candidate.id === id);
    if (project === undefined) throw notFound(id);
    return project;
  };
  const view = (project: ProjectState) => ({
    createdAt: project.createdAt,
    environmentIds: store.state.environments.filter((each) => each.projectId === project.id).map((each) => each.id),
    id: project.id,
    name: project.name,
    owner: ownerView(store.state.ownerId),
    updatedAt: project.updatedAt,
  });
  return new Hono()
    .post("/", async (context) => {
      const body = await readBody(context, newProject);
      requireOwner(platform, body.ownerId);
      const now = new Date().toISOString();
      const project: ProjectState = { id: newId("prj"), name: body.name, createdAt: now, updatedAt: now };
      store.state.projects.push(project);
      for (const settings of body.environments) {
        store.state.environments.push({ id: newId("evm"), projectId: project.id, ...settings });
      }
      store.save();
      return context.json(view(project), 201);
    })
    .get("/", (context) => {
      const found = store.state.projects
        .filter((project) => matches(context, { name: project.name, ownerId: store.state.ownerId }))
        .reverse();
      return context.json(page(context, found, "project", (project) => project.id, view));
    })
    .get("/:id", (context) => context.json(view(find(pathParameter(context, "id")))))
    .patch("/:id", async (context) => {
      const project = find(pathParameter(context, "id"));
      project.name = (await readBody(context, newProject.pick({ name: true }))).name;
      project.updatedAt = new Date().toISOString();
      store.save();
      return context.json(view(project));
    })
    .delete("/:id", (context) => {
      const project = find(pathParameter(context, "id"));
      const gone = store.state.environments.filter((environment) => environment.projectId === project.id);
      for (const environment of gone) removeEnvironment(platform, environment);
      store.state.projects.splice(store.state.projects.indexOf(project), 1);
      store.save();
      return context.body(null, 204);
    });
}

/** `/environments`, and what belongs to them. */
export function environmentsApi(platform: Platform): Hono {
  const { store } = platform;
  const find = (id: string): EnvironmentState => {
    const environment = store.state.environments.find((candidate) => candidate.id === id);
    if (environment === undefined) throw notFound(id);
    return environment;
  };
  const view = (environment: EnvironmentState) => environmentView(platform, environment);
  return new Hono()
    .post("/", async (context) => {
      const body = await readBody(context, newEnvironment.extend({ projectId: z.string() }));
      if (!store.state.projects.some((project) => project.id === body.projectId)) throw notFound(body.projectId);
      const environment: EnvironmentState = { id: newId("evm"), ...body };
      store.state.environments.push(environment);
      store.save();
      return context.json(view(environment), 201);
    })
    .get("/", (context) => {
      if (context.req.query("projectId") === undefined) throw badRequest("`projectId` must be given");
      const found = store.state.environments.filter((each) =>
        matches(context, { projectId: each.projectId, name: each.name }),
      );
      return context.json(page(context, found, "environment", (environment) => environment.id, view));
    })
    .get("/:id", (context) => context.json(view(find(pathParameter(context, "id")))))
    .patch("/:id", async (context) => {
      const environment = find(pathParameter(context, "id"));
      Object.assign(environment, await readBody(context, environmentChange));
      store.save();
      return context.json(view(environment));
    })
    .delete("/:id", (context) => {
      removeEnvironment(platform, find(pathParameter(context, "id")));
      store.save();
      return context.body(null, 204);
    })
    .post("/:id/resources", async (context) => {
      const environment = find(pathParameter(context, "id"));
      const { resourceIds } = await readBody(context, z.object({ resourceIds: z.array(z.string()) }));
      const resources = resourceIds.map((id) => resource(platform, id));
      for (const each of resources) each.environmentId = environment.id;
      store.save();
      return context.json(view(environment), 201);
    })
    .delete("/:id/resources", (context) => {
      // The real provider puts the resource's own id in place of the environment's, and Render answers 204 all the same.
      for (const id of queryValues(context, "resourceIds") ?? []) delete resource(platform, id).environmentId;
      store.save();
      return context.body(null, 204);
    });
}

function environmentView({ store, keyValues, services }: Platform, environment: EnvironmentState) {
  const within = (resources: readonly { id: string; environmentId?: string | undefined }[]) => {
    const ids = resources.filter((each) => each.environmentId === environment.id).map((each) => each.id);
    return ids.length === 0 ? null : ids;
  };
  return {
    databasesIds: null,
    envGroupIds: within(store.state.envGroups),
    id: environment.id,
    name: environment.name,
    networkIsolationEnabled: environment.networkIsolationEnabled,
    projectId: environment.projectId,
    protectedStatus: environment.protectedStatus,
    redisIds: within(keyValues.all),
    serviceIds: within(services.all),
  };
}

function removeEnvironment({ store, keyValues, services }: Platform, environment: EnvironmentState): void {
  for (const each of [...keyValues.all, ...services.all, ...store.state.envGroups]) {
    if (each.environmentId === environment.id) delete each.environmentId;
  }
  store.state.environments.splice(store.state.environments.indexOf(environment), 1);
}

function resource({ store, keyValues, services }: Platform, id: string): { environmentId?: string | undefined } {
  const found = [...keyValues.all, ...services.all, ...store.state.envGroups].find((each) => each.id === id);
  if (found === undefined) throw notFound(id);
  return found;
}
