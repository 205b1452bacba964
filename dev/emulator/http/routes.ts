import { Hono } from "hono";
import { z } from "zod";
import { RENDER_API as API } from "../api/endpoints.ts";
import { invalid, missing } from "../state/refusal.ts";
import { readMetric } from "../workspace/metrics.ts";
import { ownerView } from "../workspace/owner.ts";
import { STEERING } from "../workspace/steering.ts";
import { byName } from "../workspace/variables.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { cursorOf } from "./pages.ts";
import type { RequestLog } from "./request-log.ts";
import { read, serve, serveList } from "./serve.ts";

/** Render's API, as far as a Redis and the service that uses it need it. */
export function renderApi(workspace: Workspace): Hono {
  const { store, keyValues, services, deploys, jobs, envGroups, projects, logs, faults } = workspace;
  const app = new Hono();

  serveList(app, API.listOwners, () => [ownerView(store)]);
  serve(app, API.getOwner, ({ id }) => {
    if (id !== store.settings.ownerId) throw missing(id);
    return ownerView(store);
  });

  // Render says "creating" only from the second answer on.
  serve(app, API.createKeyValue, (_, asked) => ({ ...keyValues.view(keyValues.create(asked)), status: "unknown" }));
  serveList(app, API.listKeyValues, () =>
    store.keyValues.newest.map((instance) => ({
      ...keyValues.view(instance),
      dashboardUrl: `https://dashboard.render.com/r/${instance.id}`,
    })),
  );
  serve(app, API.getKeyValue, ({ id }) => keyValues.view(store.keyValues.get(id)));
  serve(app, API.updateKeyValue, ({ id }, changes) => keyValues.view(keyValues.update(id, changes)));
  serve(app, API.deleteKeyValue, ({ id }) => keyValues.delete(id));
  serve(app, API.getConnectionInfo, ({ id }) => keyValues.connectionInfo(id));
  serve(app, API.suspendKeyValue, ({ id }) => keyValues.suspend(id));
  serve(app, API.resumeKeyValue, ({ id }) => keyValues.resume(id));

  serve(app, API.createEnvGroup, (_, asked) => envGroups.view(envGroups.create(asked)));
  serveList(app, API.listEnvGroups, () => store.envGroups.newest.map((group) => envGroups.summary(group)));
  serve(app, API.getEnvGroup, ({ id }) => envGroups.view(envGroups.get(id)));
  serve(app, API.renameEnvGroup, ({ id }, { name }) => envGroups.view(envGroups.rename(id, name)));
  serve(app, API.deleteEnvGroup, ({ id }) => envGroups.delete(id));
  serve(app, API.getGroupVariable, ({ id, key }) => byName(envGroups.get(id).envVars, "key", key));
  serve(app, API.setGroupVariable, ({ id, key }, value) => envGroups.view(envGroups.setVariable(id, key, value)));
  serve(app, API.deleteGroupVariable, ({ id, key }) => envGroups.deleteVariable(id, key));
  serve(app, API.getGroupFile, ({ id, name }) => byName(envGroups.get(id).secretFiles, "name", name));
  serve(app, API.setGroupFile, ({ id, name }, { content }) => envGroups.view(envGroups.setFile(id, name, content)));
  serve(app, API.deleteGroupFile, ({ id, name }) => envGroups.deleteFile(id, name));
  serve(app, API.linkService, ({ id, serviceId }) => envGroups.view(envGroups.link(id, serviceId)));
  serve(app, API.unlinkService, ({ id, serviceId }) => envGroups.unlink(id, serviceId));

  serve(app, API.createService, async (_, asked) => {
    const service = await services.create(asked);
    const deploy = deploys.create(service, "build_and_deploy", "other");
    return { deployId: deploy.id, service: services.view(service) };
  });
  serveList(app, API.listServices, () => store.services.newest.map((service) => services.view(service)));
  serve(app, API.getService, ({ id }) => services.view(services.get(id)));
  serve(app, API.updateService, ({ id }, changes) => services.view(services.update(id, changes)));
  serve(app, API.deleteService, ({ id }) => {
    deploys.cancelAll(id);
    jobs.cancelAll(id);
    return services.delete(id);
  });
  serve(app, API.restartService, ({ id }) => services.restart(id));
  serve(app, API.suspendService, ({ id }) => services.suspend(id));
  serve(app, API.resumeService, ({ id }) => services.resume(id));
  serve(app, API.scaleService, ({ id }, { numInstances }) => services.setDetails(id, { numInstances }));
  serve(app, API.setAutoscaling, ({ id }, autoscaling) => {
    services.setDetails(id, { autoscaling });
    return autoscaling;
  });
  serve(app, API.deleteAutoscaling, ({ id }) => services.setDetails(id, { autoscaling: undefined }));
  serveList(app, API.listServiceEnvVars, ({ id }) => services.get(id).envVars);
  serve(app, API.setServiceVariables, ({ id }, asked) =>
    services.setVariables(id, asked).map((envVar) => ({ envVar, cursor: cursorOf(envVar) })),
  );
  serve(app, API.getServiceVariable, ({ id, key }) => services.variable(id, key));
  serve(app, API.setServiceVariable, ({ id, key }, value) => services.setVariable(id, key, value));
  serve(app, API.deleteServiceVariable, ({ id, key }) => services.deleteVariable(id, key));
  serveList(app, API.listServiceEvents, ({ id }) =>
    store.events.newest.filter((event) => event.serviceId === services.get(id).id),
  );
  serve(app, API.getEvent, ({ id }) => store.events.get(id));

  const blueprints = () => {
    const resources = faults.settings.blueprint.map((id) => ({ id, name: id, type: "key_value" }));
    return resources.length === 0 ? [] : [{ id: "exs-d00000000000000000a0", name: "render.yaml", resources }];
  };
  serveList(app, API.listBlueprints, () => blueprints().map(({ resources: _, ...blueprint }) => blueprint));
  serve(app, API.getBlueprint, ({ id }) => {
    const found = blueprints().find((blueprint) => blueprint.id === id);
    if (found === undefined) throw missing(id);
    return found;
  });

  serve(app, API.startDeploy, ({ id }, asked) => {
    const deploy = deploys.begin(services.get(id), asked);
    return deploy && deploys.view(deploy);
  });
  serveList(app, API.listDeploys, ({ id }) =>
    deploys.listed(services.get(id).id).map((deploy) => deploys.view(deploy)),
  );
  serve(app, API.getDeploy, ({ id, deployId }) => deploys.view(deploys.get(services.get(id).id, deployId)));
  serve(app, API.cancelDeploy, ({ id, deployId }) => deploys.view(deploys.cancel(services.get(id).id, deployId)));

  serve(app, API.createJob, ({ id }, asked) => jobs.create(services.get(id), asked));
  serveList(app, API.listJobs, ({ id }) => jobs.of(services.get(id).id));
  serve(app, API.getJob, ({ id, jobId }) => jobs.get(services.get(id).id, jobId));
  serve(app, API.cancelJob, ({ id, jobId }) => jobs.cancel(services.get(id).id, jobId));

  serveList(app, API.listProjects, () => store.projects.newest.map((project) => projects.view(project)));
  serve(app, API.getProject, ({ id }) => projects.view(store.projects.get(id)));
  serveList(app, API.listEnvironments, (_, { projectId }) => {
    if (projectId === undefined) throw invalid("`projectId` must be given");
    return store.environments.all.map((environment) => projects.environmentView(environment));
  });
  serve(app, API.getEnvironment, ({ id }) => projects.environmentView(store.environments.get(id)));
  serve(app, API.addToEnvironment, ({ id }, { resourceIds }) =>
    projects.environmentView(projects.add(id, resourceIds)),
  );
  serve(app, API.removeFromEnvironment, (_, { resourceIds }) => projects.remove(resourceIds.split(",")));

  serve(app, API.getLogs, (_, query) => logs.read(query));
  serve(app, API.getLogStream, ({ id }) => logs.stream(id));
  serve(app, API.setLogStream, ({ id }, asked) => logs.setStream(id, asked));
  serve(app, API.deleteLogStream, ({ id }) => logs.deleteStream(id));
  serve(app, API.getMetric, ({ metric }, query) => readMetric(store, keyValues, metric, query?.resource));

  // The older name of Key Value. It differs in the names of two fields.
  app.on(["GET", "POST", "PATCH", "DELETE"], ["/redis", "/redis/*"], async (context) => {
    const url = new URL(context.req.url);
    url.pathname = url.pathname.replace(/^.*\/redis/, "/key-value");
    const answer = await app.request(new Request(url, context.req.raw));
    const text = await answer.text();
    const body = text.replaceAll('"keyValue":', '"redis":').replace('"cliCommand":', '"redisCLICommand":');
    return context.newResponse(body === "" ? null : body, answer);
  });
  return app;
}

const actBody = z.object({ argument: z.string().default("") });

/** `/local`: what a person at Render's own machines could do, and what no one should. It is not part of Render's API. */
export function localApi({ keyValues, faults }: Workspace, requests: RequestLog): Hono {
  const app = new Hono()
    .get("/faults", (context) => context.json(faults.settings))
    .patch("/faults", async (context) => {
      faults.change(z.record(z.string(), z.unknown()).parse(await context.req.json()));
      return context.json(faults.settings);
    })
    .delete("/faults", (context) => {
      faults.clear();
      return context.body(null, 204);
    })
    .get("/requests", (context) => context.json(requests.all))
    .delete("/requests", (context) => {
      requests.clear();
      return context.body(null, 204);
    });
  for (const [name, command] of Object.entries(STEERING)) {
    if (command.kind !== "act") continue;
    app.post(`/key-value/:id/${name}`, async (context) => {
      const { argument } = read(actBody, await context.req.json());
      await command.run(keyValues, context.req.param("id"), argument);
      return context.body(null, 204);
    });
  }
  return app;
}
