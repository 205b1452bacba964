import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { EnvVar } from "../../../render/api/endpoints.ts";
import type { RENDER_API } from "../api/endpoints.ts";
import { VARIABLE_NAME } from "../api/endpoints.ts";
import { invalid, missing } from "../state/refusal.ts";
import type { ServiceState } from "../state/schema.ts";
import type { Store } from "../state/store.ts";

export type VariableValue = z.output<typeof RENDER_API.setGroupVariable.sent>;

/** The variable that a request asks for; Render makes up a value when told to. */
export function readVariable(name: string, asked: VariableValue): EnvVar {
  if (!VARIABLE_NAME.test(name)) throw invalid(`\`key\` must be a name of letters, digits and _, got: "${name}"`);
  return { key: name, value: "value" in asked ? asked.value : randomBytes(32).toString("base64") };
}

export function readVariables(asked: readonly ({ key: string } & VariableValue)[] | null | undefined): EnvVar[] {
  return (asked ?? []).map((entry) => readVariable(entry.key, entry));
}

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

/** @throws Refusal when there is no entry of that name. */
export function byName<K extends "key" | "name", T extends Record<K, string>>(
  entries: readonly T[],
  by: K,
  name: string,
): T {
  const found = entries.find((entry) => entry[by] === name);
  if (found === undefined) throw missing(name);
  return found;
}

/**
 * The variables that a service would be deployed with now: its own over those of its groups, and among groups the one that was
 * created last wins.
 */
export function effectiveEnv({ envGroups }: Store, service: ServiceState): Record<string, string> {
  const linked = envGroups.all.filter((group) => group.serviceIds.includes(service.id));
  const groups = linked.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  const variables = [...groups.flatMap((group) => group.envVars), ...service.envVars];
  return Object.fromEntries(variables.map(({ key, value }) => [key, value]));
}
