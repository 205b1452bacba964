import { z } from "zod";
import { API, type EnvGroup } from "../../../render/api/endpoints.ts";
import { ENV_GROUP_LINK_ATTRIBUTES } from "../../../render/terraform-schema.ts";
import { RENDER_API } from "../../emulator/api/endpoints.ts";
import { DiagnosticError, step } from "../framework/diagnostic.ts";
import { type Resource, schemaOf } from "../framework/schema.ts";
import type { ObjectValue } from "../framework/value.ts";
import { type Api, reworded, statusLine, unlessMissing } from "./api.ts";
import type { RenderConnection } from "./connection.ts";

export const schema = schemaOf(ENV_GROUP_LINK_ATTRIBUTES, { service_ids: { minItems: 1 } });

const model = z.object({ env_group_id: z.string(), service_ids: z.array(z.string()) });
const idModel = model.pick({ env_group_id: true });

/**
 * `render_env_group_link`: all services that a group is linked to. One resource a group: it unlinks what it does not
 * name. Linking deploys nothing.
 */
export const envGroupLink: Resource<RenderConnection> = {
  schema,
  importId: "env_group_id",

  async create({ api }, planned) {
    const plan = model.parse(planned);
    const group = await getGroup(api, plan.env_group_id);
    const others = group.serviceLinks.map(({ id }) => id).filter((id) => !plan.service_ids.includes(id));
    if (others.length > 0) throw alreadyLinked(group.id);
    const linked = await link(api, group.id, plan.service_ids);
    return stateOf(linked ?? group);
  },

  // Without the group this fails, as with the real provider, and does not count as removed outside.
  async read({ api }, prior) {
    const { env_group_id: id } = idModel.parse(prior);
    const group = await getGroup(api, id);
    return stateOf(group);
  },

  async update({ api }, planned, prior) {
    const [plan, before] = [model.parse(planned), model.parse(prior)];
    const missing = plan.service_ids.filter((id) => !before.service_ids.includes(id));
    const surplus = before.service_ids.filter((id) => !plan.service_ids.includes(id));
    await link(api, plan.env_group_id, missing);
    await unlink(api, plan.env_group_id, surplus);
    const group = await getGroup(api, plan.env_group_id);
    return stateOf(group);
  },

  async delete({ api }, prior) {
    const before = model.parse(prior);
    await unlink(api, before.env_group_id, before.service_ids);
  },
};

function getGroup(api: Api, id: string): Promise<EnvGroup> {
  return step("unable to get environment group", reworded(api.call(API.getEnvGroup, { id }), statusLine));
}

/** @returns The group as the last link left it; nothing when there was none to make. */
async function link(api: Api, id: string, serviceIds: readonly string[]): Promise<EnvGroup | undefined> {
  let group: EnvGroup | undefined;
  for (const serviceId of serviceIds) {
    group = await step(
      "Unable to add service to environment group",
      api.call(RENDER_API.linkService, { id, serviceId }),
    );
  }
  return group;
}

async function unlink(api: Api, groupId: string, serviceIds: readonly string[]): Promise<void> {
  for (const id of serviceIds) {
    await step(
      "Unable to remove service from environment group",
      unlessMissing(api.call(RENDER_API.unlinkService, { id: groupId, serviceId: id })),
    );
  }
}

function alreadyLinked(groupId: string): DiagnosticError {
  const detail = "import the existing service link before adding a new service";
  return new DiagnosticError([{ summary: `service link already exists for ${groupId}`, detail }]);
}

function stateOf(group: EnvGroup): ObjectValue {
  return { env_group_id: group.id, service_ids: [...new Set(group.serviceLinks.map(({ id }) => id))] };
}
