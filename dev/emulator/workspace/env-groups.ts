import type { z } from "zod";
import type { envGroup } from "../../../render/api/endpoints.ts";
import type { RENDER_API } from "../api/endpoints.ts";
import { invalid, missing } from "../state/refusal.ts";
import type { EnvGroupState } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import { requireOwner } from "./owner.ts";
import { byName, put, readVariable, readVariables, type VariableValue } from "./variables.ts";

const LINK_TYPES = {
  web_service: "web",
  private_service: "pserv",
  static_site: "static",
  background_worker: "worker",
  cron_job: "cron",
} as const;

/**
 * All environment groups of the workspace. Nothing here deploys a service, and only a new name moves a group's `updatedAt`:
 * neither its variables nor its files or links do.
 */
export class EnvGroups {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The list shows groups without their contents, unlike what Render's own OpenAPI document leaves one to expect. */
  summary(group: EnvGroupState) {
    const { id, name, environmentId, createdAt, updatedAt, serviceIds } = group;
    return {
      createdAt,
      ...(environmentId === undefined ? {} : { environmentId }),
      id,
      name,
      ownerId: this.#store.settings.ownerId,
      serviceLinks: this.#store.services.all
        .filter((service) => serviceIds.includes(service.id))
        .map((service) => ({ id: service.id, name: service.name, type: LINK_TYPES[service.type] })),
      updatedAt,
    };
  }

  view(group: EnvGroupState): z.input<typeof envGroup> {
    const { envVars, secretFiles } = group;
    return { ...this.summary(group), envVars, secretFiles };
  }

  get(id: string): EnvGroupState {
    return this.#store.envGroups.get(id);
  }

  create(asked: z.output<typeof RENDER_API.createEnvGroup.sent>): EnvGroupState {
    requireOwner(this.#store, asked.ownerId);
    for (const id of asked.serviceIds ?? []) this.#store.services.get(id);
    return this.#store.envGroups.add((stamp) => ({
      ...stamp,
      name: asked.name,
      ...(asked.environmentId === undefined ? {} : { environmentId: asked.environmentId }),
      // The order of Render's answers is not that of the request.
      envVars: readVariables(asked.envVars).reverse(),
      secretFiles: (asked.secretFiles ?? []).toReversed(),
      serviceIds: [...(asked.serviceIds ?? [])],
    }));
  }

  rename(id: string, name: string): EnvGroupState {
    return this.#store.envGroups.update(this.get(id), { name });
  }

  delete(id: string): void {
    this.#store.envGroups.delete(this.get(id));
  }

  setVariable(id: string, key: string, value: VariableValue): EnvGroupState {
    const group = this.get(id);
    return this.#store.envGroups.note(group, { envVars: put(group.envVars, "key", readVariable(key, value)) });
  }

  deleteVariable(id: string, key: string): void {
    const group = this.get(id);
    const gone = byName(group.envVars, "key", key);
    this.#store.envGroups.note(group, { envVars: group.envVars.filter((variable) => variable !== gone) });
  }

  setFile(id: string, name: string, content: string): EnvGroupState {
    const group = this.get(id);
    return this.#store.envGroups.note(group, { secretFiles: put(group.secretFiles, "name", { name, content }) });
  }

  deleteFile(id: string, name: string): void {
    const group = this.get(id);
    const gone = byName(group.secretFiles, "name", name);
    this.#store.envGroups.note(group, { secretFiles: group.secretFiles.filter((file) => file !== gone) });
  }

  link(id: string, serviceId: string): EnvGroupState {
    const group = this.get(id);
    const service = this.#store.services.get(serviceId);
    if (group.environmentId !== undefined && group.environmentId !== service.environmentId) {
      throw invalid(`${group.id} belongs to environment ${group.environmentId}, and ${service.id} does not`);
    }
    const others = group.serviceIds.filter((other) => other !== serviceId);
    const isNew = others.length === group.serviceIds.length;
    return this.#store.envGroups.note(group, { serviceIds: isNew ? [...others, serviceId] : group.serviceIds });
  }

  unlink(id: string, serviceId: string): void {
    const group = this.get(id);
    if (!group.serviceIds.includes(serviceId)) throw missing(serviceId);
    this.#store.envGroups.note(group, { serviceIds: group.serviceIds.filter((other) => other !== serviceId) });
  }
}
