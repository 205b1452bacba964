import { z } from "zod";
import { API, type ConnectionInfo, type KeyValue } from "../../../render/api/endpoints.ts";
import { PROVIDER_PLANS } from "../../../render/plans.ts";
import { EVICTION_POLICIES, PERSISTENCE_MODES, REGIONS } from "../../../render/spellings.ts";
import { KEYVALUE_ATTRIBUTES } from "../../../render/terraform-schema.ts";
import { RENDER_API } from "../../emulator/api/endpoints.ts";
import { step } from "../framework/diagnostic.ts";
import { type Resource, schemaOf } from "../framework/schema.ts";
import { type ObjectValue, type Value, whenSet } from "../framework/value.ts";
import { unlessMissing } from "./api.ts";
import type { RenderConnection } from "./connection.ts";
import { moveToEnvironment } from "./environment.ts";
import {
  getLogStream,
  LOG_STREAM_SETTINGS,
  logStreamModel,
  logStreamValue,
  updateLogStream,
} from "./log-stream-override.ts";

export const schema = schemaOf(KEYVALUE_ATTRIBUTES, {
  id: { stateForUnknown: true },
  name: { nonEmpty: true },
  // The most expensive of them when it is left out, but that is what the real provider does.
  plan: { default: "pro_plus", oneOf: PROVIDER_PLANS.map(({ name }) => name).toSorted(), orMatches: /^Custom.*$/ },
  region: { requiresReplace: true, oneOf: REGIONS },
  max_memory_policy: { oneOf: EVICTION_POLICIES.toSorted() },
  persistence_mode: { oneOf: PERSISTENCE_MODES },
  "log_stream_override.setting": { oneOf: LOG_STREAM_SETTINGS },
  // `connection_info` without `stateForUnknown`: every update of the instance makes it "known after apply".
});

const model = z.object({
  id: whenSet(z.string()),
  name: z.string(),
  plan: z.string(),
  region: z.string(),
  max_memory_policy: z.string(),
  persistence_mode: whenSet(z.string()),
  environment_id: whenSet(z.string()),
  ip_allow_list: whenSet(z.array(z.object({ cidr_block: z.string(), description: z.string() }))),
  log_stream_override: logStreamModel,
});

type Model = z.infer<typeof model>;

/** What is known of an instance in the state; after an import no more than its id. */
const priorModel = model.pick({ environment_id: true, log_stream_override: true }).extend({ id: z.string() });

/** `render_keyvalue`: the same calls as the real resource, in the same order. None waits until the instance is available. */
export const keyValue: Resource<RenderConnection> = {
  schema,
  importId: "id",

  // As with the real provider nothing is saved before the last call succeeded: if one after the first fails, the
  // instance stays on Render without being in the state. Saving a part would hide that from tests that look for it.
  async create({ api, ownerId }, planned) {
    const plan = model.parse(planned);
    const environment = plan.environment_id === undefined ? {} : { environmentId: plan.environment_id };
    const settings = { ...settingsOf(plan), ...environment, ownerId, region: plan.region };
    const created = await step("Error creating service", api.call(RENDER_API.createKeyValue, {}, settings));
    const connection = await connectionInfo(api.call(API.getConnectionInfo, { id: created.id }));
    const logStream = await step(
      "unable to create log stream overrides",
      updateLogStream(api, created.id, plan.log_stream_override, undefined),
    );
    return stateOf(created, connection, logStreamValue(logStream, plan.log_stream_override));
  },

  async read({ api }, prior) {
    const { id, log_stream_override } = priorModel.parse(prior);
    const found = await step(
      "Error reading service",
      unlessMissing(api.call(API.getKeyValue, { id })),
      "Could not read service, unexpected error: ",
    );
    if (found === undefined) return null;
    const connection = await connectionInfo(api.call(API.getConnectionInfo, { id: found.id }));
    const logStream = await step("unable to get log stream overrides", getLogStream(api, found.id));
    return stateOf(found, connection, logStreamValue(logStream, log_stream_override));
  },

  async update({ api }, planned, prior) {
    const plan = model.parse(planned);
    const before = priorModel.parse(prior);
    const updated = await step(
      "Error updating keyvalue",
      api.call(RENDER_API.updateKeyValue, { id: before.id }, settingsOf(plan)),
    );
    const connection = await connectionInfo(api.call(API.getConnectionInfo, { id: updated.id }));
    const logStream = await step(
      "unable to get log stream overrides",
      updateLogStream(api, updated.id, plan.log_stream_override, before.log_stream_override),
    );
    const environment = await step(
      "Error updating environment ID",
      moveToEnvironment(api, updated.id, before.environment_id, plan.environment_id),
    );
    const state = stateOf(updated, connection, logStreamValue(logStream, plan.log_stream_override));
    return { ...state, environment_id: environment ?? null };
  },

  async delete({ api }, prior) {
    const { id } = priorModel.parse(prior);
    await step("Error deleting keyvalue", unlessMissing(api.call(RENDER_API.deleteKeyValue, { id })));
  },
};

/** Every setting, changed or not. An allow list that is left out is sent as empty, which wipes one set elsewhere. */
function settingsOf(plan: Model) {
  const { persistence_mode: persistenceMode, ip_allow_list: allowed = [] } = plan;
  return {
    name: plan.name,
    plan: plan.plan,
    maxmemoryPolicy: plan.max_memory_policy,
    ...(persistenceMode === undefined ? {} : { persistenceMode }),
    ipAllowList: allowed.map((entry) => ({ cidrBlock: entry.cidr_block, description: entry.description })),
  };
}

function connectionInfo(answer: Promise<ConnectionInfo>): Promise<ConnectionInfo> {
  return step("unable to get keyvalue connection info", answer);
}

function stateOf(instance: KeyValue, connection: ConnectionInfo, logStream: Value): ObjectValue {
  return {
    id: instance.id,
    name: instance.name,
    plan: instance.plan,
    region: instance.region,
    max_memory_policy: instance.options.maxmemoryPolicy,
    persistence_mode: instance.options.persistenceMode,
    environment_id: instance.environmentId ?? null,
    ip_allow_list: instance.ipAllowList.map((entry) => ({
      cidr_block: entry.cidrBlock,
      description: entry.description,
    })),
    log_stream_override: logStream,
    connection_info: {
      external_connection_string: connection.externalConnectionString,
      internal_connection_string: connection.internalConnectionString,
      cli_command: connection.cliCommand,
    },
  };
}
