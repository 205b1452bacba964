import { Hono } from "hono";
import { z } from "zod";
import type { Platform } from "../platform.ts";
import { newId } from "../state/ids.ts";
import type { EnvVar, SecretFile, ServiceState } from "../state/schema.ts";
import { entryOf, envVarList, envVarValue, put, readEnvVar, secretFileList } from "./env-groups.ts";
import { badRequest, notFound } from "./error.ts";
import { page } from "./pagination.ts";
import { pathParameter, readBody } from "./request.ts";

/** What is set on a service itself: variables, secret files, domains. Nothing here deploys it. */
export function serviceSettingsApi(platform: Platform): Hono {
  const { services, store } = platform;
  const variablesPage = (variables: readonly EnvVar[]) =>
    variables.map((envVar) => ({ envVar, cursor: Buffer.from(envVar.key).toString("base64url") }));
  const filesPage = (files: readonly SecretFile[]) =>
    files.map((secretFile) => ({ secretFile, cursor: Buffer.from(secretFile.name).toString("base64url") }));

  return new Hono()
    .get("/:id/env-vars", (context) => {
      const { envVars } = services.get(pathParameter(context, "id"));
      return context.json(
        page(
          context,
          envVars,
          "envVar",
          (variable) => variable.key,
          (variable) => variable,
        ),
      );
    })
    .put("/:id/env-vars", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      // `null` wipes them all. The real provider sends it whenever a configuration leaves `env_vars` out.
      const list = (await readBody(context, envVarList)) ?? [];
      service.envVars = list.map((entry) => readEnvVar(entry.key, entry));
      store.save();
      return context.json(variablesPage(service.envVars));
    })
    .get("/:id/env-vars/:key", (context) => {
      const service = services.get(pathParameter(context, "id"));
      return context.json(entryOf(service.envVars, "key", pathParameter(context, "key")));
    })
    .put("/:id/env-vars/:key", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      const variable = readEnvVar(pathParameter(context, "key"), await readBody(context, envVarValue));
      service.envVars = put(service.envVars, "key", variable);
      store.save();
      return context.json(variable);
    })
    .delete("/:id/env-vars/:key", (context) => {
      const service = services.get(pathParameter(context, "id"));
      const gone = entryOf(service.envVars, "key", pathParameter(context, "key"));
      service.envVars = service.envVars.filter((variable) => variable !== gone);
      store.save();
      return context.body(null, 204);
    })
    .get("/:id/secret-files", (context) => {
      const { secretFiles } = services.get(pathParameter(context, "id"));
      return context.json(
        page(
          context,
          secretFiles,
          "secretFile",
          (file) => file.name,
          (file) => file,
        ),
      );
    })
    .put("/:id/secret-files", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      service.secretFiles = (await readBody(context, secretFileList)) ?? [];
      store.save();
      return context.json(filesPage(service.secretFiles));
    })
    .get("/:id/secret-files/:name", (context) => {
      const service = services.get(pathParameter(context, "id"));
      return context.json(entryOf(service.secretFiles, "name", pathParameter(context, "name")));
    })
    .put("/:id/secret-files/:name", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      const { content } = await readBody(context, z.object({ content: z.string() }));
      const file = { name: pathParameter(context, "name"), content };
      service.secretFiles = put(service.secretFiles, "name", file);
      store.save();
      return context.json(file);
    })
    .delete("/:id/secret-files/:name", (context) => {
      const service = services.get(pathParameter(context, "id"));
      const gone = entryOf(service.secretFiles, "name", pathParameter(context, "name"));
      service.secretFiles = service.secretFiles.filter((file) => file !== gone);
      store.save();
      return context.body(null, 204);
    })
    .get("/:id/custom-domains", (context) => {
      const service = services.get(pathParameter(context, "id"));
      const view = (domain: Domain) => domainView(service, domain);
      return context.json(page(context, service.customDomains, "customDomain", (domain) => domain.id, view));
    })
    .post("/:id/custom-domains", async (context) => {
      const service = services.get(pathParameter(context, "id"));
      const { name } = await readBody(context, z.object({ name: z.hostname("must be a host name") }));
      if (service.customDomains.some((domain) => domain.name === name)) throw badRequest(`${name} is already a domain`);
      const domain = { id: newId("cdm"), name, createdAt: new Date().toISOString() };
      service.customDomains.push(domain);
      store.save();
      return context.json([domainView(service, domain)], 201);
    })
    .delete("/:id/custom-domains/:domain", (context) => {
      const service = services.get(pathParameter(context, "id"));
      const wanted = pathParameter(context, "domain");
      const gone = service.customDomains.find((domain) => domain.id === wanted || domain.name === wanted);
      if (gone === undefined) throw notFound(wanted);
      service.customDomains = service.customDomains.filter((domain) => domain !== gone);
      store.save();
      return context.body(null, 204);
    });
}

type Domain = ServiceState["customDomains"][number];

function domainView(service: ServiceState, domain: Domain) {
  const labels = domain.name.split(".");
  return {
    ...domain,
    domainType: labels.length > 2 ? "subdomain" : "apex",
    publicSuffix: labels.at(-1) ?? "",
    redirectForName: "",
    server: { id: service.id, name: service.name },
    verificationStatus: "unverified",
  };
}
