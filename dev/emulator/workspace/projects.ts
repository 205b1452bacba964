import type { z } from "zod";
import type { RENDER_API } from "../api/endpoints.ts";
import { missing } from "../state/refusal.ts";
import type { EnvironmentState, ProjectState } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import { ownerView } from "./owner.ts";

/** The projects of the workspace and their environments. They are read only; resources move between environments. */
export class Projects {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  view({ id, name, createdAt, updatedAt }: ProjectState): z.input<typeof RENDER_API.getProject.answer> {
    const environments = this.#store.environments.all.filter((environment) => environment.projectId === id);
    const environmentIds = environments.map((environment) => environment.id);
    return { createdAt, environmentIds, id, name, owner: ownerView(this.#store), updatedAt };
  }

  environmentView(environment: EnvironmentState): z.input<typeof RENDER_API.getEnvironment.answer> {
    const { keyValues, services, envGroups } = this.#store;
    const within = (resources: readonly { id: string; environmentId?: string | undefined }[]) => {
      const ids = resources.filter((each) => each.environmentId === environment.id).map((each) => each.id);
      return ids.length === 0 ? null : ids;
    };
    return {
      databasesIds: null,
      envGroupIds: within(envGroups.all),
      id: environment.id,
      ipAllowList: [{ cidrBlock: "0.0.0.0/0", description: "everywhere" }],
      name: environment.name,
      networkIsolationEnabled: environment.networkIsolationEnabled,
      projectId: environment.projectId,
      protectedStatus: environment.protectedStatus,
      redisIds: within(keyValues.all),
      serviceIds: within(services.all),
    };
  }

  add(environmentId: string, resourceIds: readonly string[]): EnvironmentState {
    const environment = this.#store.environments.get(environmentId);
    this.#move(resourceIds, environment.id);
    return environment;
  }

  /** Render does not look at the environment: the real provider gives the resource's own id in its place, and gets 204. */
  remove(resourceIds: readonly string[]): void {
    this.#move(resourceIds, undefined);
  }

  #move(ids: readonly string[], environmentId: string | undefined): void {
    const { keyValues, services, envGroups } = this.#store;
    const unknown = ids.find((id) => ![keyValues, services, envGroups].some((collection) => collection.has(id)));
    if (unknown !== undefined) throw missing(unknown);
    for (const id of ids) {
      if (keyValues.has(id)) keyValues.note(keyValues.get(id), { environmentId });
      else if (services.has(id)) services.note(services.get(id), { environmentId });
      else envGroups.note(envGroups.get(id), { environmentId });
    }
  }
}
