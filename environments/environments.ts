import { posix } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { notOneOf, Stop } from "../runtime/errors.ts";
import { type Environment, type EnvironmentInput, parseEnvironment } from "./define.ts";
import type { State } from "./state.ts";

/**
 * One environment, everything decided. A mistake in another one does not matter here.
 *
 * @throws Stop naming the environments and the nearest match, the mistakes in it, or what it shares with another one.
 */
export function resolveEnvironment(name: string, known: readonly EnvironmentInput[]): Environment {
  const input = known.find((candidate) => candidate.name === name);
  if (input === undefined) {
    const names = known.map((candidate) => candidate.name);
    throw new Stop("misused", `The environment ${notOneOf(names, name).message}`);
  }
  const environment = parseEnvironment(input);
  refuseShared(environment, validEnvironments(known.filter((other) => other !== input)));
  return environment;
}

/**
 * Every environment, everything decided.
 *
 * @throws Stop with the mistakes in one, or with what two of them share.
 */
export function resolveEnvironments(known: readonly EnvironmentInput[]): Environment[] {
  const environments = known.map(parseEnvironment);
  for (const [index, environment] of environments.entries()) {
    refuseShared(environment, environments.slice(index + 1));
  }
  return environments;
}

/** Every environment without a mistake in it. */
export function validEnvironments(known: readonly EnvironmentInput[]): Environment[] {
  return known.flatMap(unlessWrong);
}

function unlessWrong(input: EnvironmentInput): Environment[] {
  try {
    return [parseEnvironment(input)];
  } catch {
    return [];
  }
}

/** What two environments must not share, or one would change or destroy what is the other's. */
const OWN: readonly [
  what: string,
  of: (environment: Environment) => readonly unknown[],
  /** What lets them have it both. */
  unless?: (environment: Environment, value: unknown) => boolean | undefined,
][] = [
  ["name", ({ name }) => [name]],
  ["state", ({ state }) => [placeOf(state)]],
  ["name of an instance", ({ redis }) => Object.values(redis).map(({ name }) => name)],
  ["name of an environment group", ({ services }) => Object.values(services).map(({ groupName }) => groupName)],
  [
    "service",
    ({ services }) => Object.values(services).flatMap(({ id }) => id ?? []),
    ({ services }, value) => Object.values(services).find(({ id }) => id === value)?.sharesService,
  ],
];

/** Which state it is: however it is locked, encrypted or written. */
function placeOf(state: State): unknown {
  switch (state.type) {
    case "local":
      return [state.type, posix.normalize(state.path.replaceAll("\\", "/"))];
    case "s3":
      return [state.type, state.bucket, state.key, state.endpoint];
    case "azurerm":
      return [state.type, state.storageAccountName, state.containerName, state.key];
    case "http":
      return [state.type, state.address];
    default:
      return state;
  }
}

/** @throws Stop naming what an environment shares with another one. */
function refuseShared(environment: Environment, others: readonly Environment[]): void {
  for (const other of others) {
    for (const [what, of, unless] of OWN) {
      const shared = of(environment).find((value) => of(other).some((one) => isDeepStrictEqual(one, value)));
      if (shared === undefined || (unless?.(environment, shared) && unless(other, shared))) continue;
      const which = typeof shared === "string" && what !== "name" ? `, "${shared}"` : "";
      const remedy = unless && "If that is meant, set sharesService: true of it in both.";
      throw new Stop(
        "misused",
        `The environments "${environment.name}" and "${other.name}" have the same ${what}${which}.`,
        remedy === undefined ? {} : { remedy },
      );
    }
  }
}
