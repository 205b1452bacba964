import { z } from "zod";
import { API, type EnvGroup } from "../../../render/api/endpoints.ts";
import { ENV_GROUP_ATTRIBUTES } from "../../../render/terraform-schema.ts";
import { RENDER_API } from "../../emulator/api/endpoints.ts";
import { step } from "../framework/diagnostic.ts";
import { type Resource, schemaOf } from "../framework/schema.ts";
import { type ObjectValue, type Value, whenSet } from "../framework/value.ts";
import { type Api, reworded, statusCode, statusLine, unlessMissing } from "./api.ts";
import type { RenderConnection } from "./connection.ts";
import { moveToEnvironment } from "./environment.ts";

export const schema = schemaOf(ENV_GROUP_ATTRIBUTES, {
  // `id` without `stateForUnknown`: every update of the group makes it "known after apply", also for the group's link.
  name: { nonEmpty: true },
  env_vars: { minItems: 1 },
  "env_vars.generate_value": { default: false, conflictsWith: "value", atLeastOneOf: "value" },
  secret_files: { minItems: 1 },
});

const envVarModel = z.object({ value: whenSet(z.string()), generate_value: whenSet(z.boolean()) });
const model = z.object({
  name: z.string(),
  environment_id: whenSet(z.string()),
  env_vars: mapOf(envVarModel),
  secret_files: mapOf(z.object({ content: z.string() })),
});
const idModel = z.object({ id: z.string() });
const envVarsModel = model.pick({ env_vars: true });

type Model = z.infer<typeof model>;
type EnvVars = Model["env_vars"];

/** A map attribute; one that is not set is empty. */
function mapOf<T>(element: z.ZodType<T>) {
  return whenSet(z.record(z.string(), element)).transform(
    (map): ReadonlyMap<string, T> => new Map(Object.entries(map ?? {})),
  );
}

/** `render_env_group`. Changing one deploys nothing: linked services read it at their next deploy. */
export const envGroup: Resource<RenderConnection> = {
  schema,
  importId: "id",

  async create({ api, ownerId }, planned) {
    const plan = model.parse(planned);
    const envVars = await step("invalid env vars", newVariables(plan.env_vars));
    const created = await step(
      "Unable to create environment group",
      api.call(
        RENDER_API.createEnvGroup,
        {},
        {
          name: plan.name,
          ownerId,
          ...(plan.environment_id === undefined ? {} : { environmentId: plan.environment_id }),
          envVars,
          secretFiles: shuffled(plan.secret_files).map(([name, { content }]) => ({ name, content })),
        },
      ),
    );
    return stateOf(created, plan.env_vars);
  },

  async read({ api }, prior) {
    const { id } = idModel.parse(prior);
    const found = await step("unable to get environment group", unlessMissing(api.call(API.getEnvGroup, { id })));
    return found === undefined ? null : stateOf(found, envVarsModel.parse(prior).env_vars);
  },

  async update({ api }, planned, prior) {
    const { id } = idModel.parse(prior);
    const [plan, before] = [model.parse(planned), model.parse(prior)];
    await updateEnvVars(api, id, plan.env_vars, before.env_vars);
    await updateSecretFiles(api, id, plan.secret_files, before.secret_files);
    await step(
      "unable to update environment ID",
      moveToEnvironment(api, id, before.environment_id, plan.environment_id),
    );
    const group =
      plan.name === before.name
        ? await step("unable to get environment group", api.call(API.getEnvGroup, { id }))
        : await step(
            "unable to update environment group",
            reworded(api.call(RENDER_API.renameEnvGroup, { id }, { name: plan.name }), statusLine),
          );
    // It forgets here which values Render generated: Terraform then finds an inconsistent result for each of them.
    return stateOf(group, new Map());
  },

  async delete({ api }, prior) {
    const { id } = idModel.parse(prior);
    await step(
      "Error deleting environment group",
      unlessMissing(api.call(RENDER_API.deleteEnvGroup, { id })),
      "Could not delete environment group, unexpected error: ",
    );
  },
};

async function updateEnvVars(api: Api, id: string, planned: EnvVars, prior: EnvVars): Promise<void> {
  for (const [key, envVar] of shuffled(planned)) {
    const before = prior.get(key);
    if (before !== undefined && (envVar.generate_value || before.value === envVar.value)) continue;
    const setting = async () => api.call(RENDER_API.setGroupVariable, { id, key }, newValue(key, envVar));
    await step(`unable to create or update env var: ${key}`, reworded(setting(), statusCode));
  }
  for (const key of prior.keys()) {
    if (!planned.has(key))
      await step(
        `unable to remove env var: ${key}`,
        reworded(api.call(RENDER_API.deleteGroupVariable, { id, key }), statusCode),
      );
  }
}

async function updateSecretFiles(
  api: Api,
  id: string,
  planned: Model["secret_files"],
  prior: Model["secret_files"],
): Promise<void> {
  for (const [name, { content }] of shuffled(planned)) {
    if (prior.get(name)?.content === content) continue;
    await step(
      `unable to create or update secret file: ${name}`,
      reworded(api.call(RENDER_API.setGroupFile, { id, name }, { content }), statusCode),
    );
  }
  for (const name of prior.keys()) {
    if (planned.has(name)) continue;
    await step(
      `unable to remove secret file: ${name}`,
      reworded(api.call(RENDER_API.deleteGroupFile, { id, name }), statusCode),
    );
  }
}

async function newVariables(variables: EnvVars) {
  return shuffled(variables).map(([key, envVar]) => ({ key, ...newValue(key, envVar) }));
}

/** @throws Error for `generate_value = false` without a value, which the schema lets through. */
function newValue(key: string, envVar: z.infer<typeof envVarModel>): { value: string } | { generateValue: true } {
  if (envVar.value !== undefined) return { value: envVar.value };
  if (envVar.generate_value) return { generateValue: true };
  throw new Error(`env var ${key} has no value, either provide a value or set generate_value to true`);
}

/** The real provider goes through Go's maps, whose order is another one each time. */
function shuffled<T>(entries: ReadonlyMap<string, T>): [string, T][] {
  return [...entries]
    .map((entry) => ({ entry, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ entry }) => entry);
}

/** @param known Which values Render generated, which it does not tell. */
function stateOf(group: EnvGroup, known: EnvVars): ObjectValue {
  const envVars = group.envVars.map(({ key, value }): [string, Value] => [
    key,
    { value, generate_value: known.get(key)?.generate_value ?? false },
  ]);
  const secretFiles = group.secretFiles.map(({ name, content }): [string, Value] => [name, { content }]);
  return {
    id: group.id,
    name: group.name,
    environment_id: group.environmentId ?? null,
    env_vars: mapOrNull(envVars),
    secret_files: mapOrNull(secretFiles),
  };
}

/** An empty map is not allowed in the configuration, so none is null. */
function mapOrNull(entries: readonly [string, Value][]): Value {
  return entries.length === 0 ? null : Object.fromEntries(entries);
}
