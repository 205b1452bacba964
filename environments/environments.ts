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
  of: (environment: Environment) => unknown,
  share?: (one: Environment) => boolean | undefined,
][] = [
  ["name", ({ name }) => name],
  ["state", ({ state }) => placeOf(state)],
  ["redis.name, after which the environment group is named", ({ redis }) => redis.name],
  ["backend.serviceId", ({ backend }) => backend.serviceId, ({ backend }) => backend.sharesService],
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
    for (const [what, of, share] of OWN) {
      if (of(environment) === undefined || !isDeepStrictEqual(of(environment), of(other))) continue;
      if (share?.(environment) && share(other)) continue;
      const remedy = share && "If that is meant, set backend.sharesService: true in both.";
      throw new Stop(
        "misused",
        `The environments "${environment.name}" and "${other.name}" have the same ${what}.`,
        remedy === undefined ? {} : { remedy },
      );
    }
  }
}
