import { notOneOf } from "../runtime/errors.ts";
import type { Environment } from "./define.ts";
import { local } from "./local.ts";
import { production } from "./production.ts";
import { staging } from "./staging.ts";

/** Every environment; a new file in this folder is added here. */
export const environments: readonly Environment[] = [production, staging, local];

/** @throws InvalidValue naming the environments and the nearest match. */
export function findEnvironment(name: string): Environment {
  const environment = environments.find((candidate) => candidate.name === name);
  if (environment !== undefined) return environment;
  throw notOneOf(
    environments.map((candidate) => candidate.name),
    name,
  );
}
