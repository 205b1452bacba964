import { INSTANCE } from "../render/instance.ts";
import type { ServiceInput } from "../render/service.ts";

/** The keys that the short form's one instance and one service have: Terraform addresses, and so a contract. */
const REDIS = "redis";
const BACKEND = "backend";

/** The one service of the short form: it reads `REDIS_URL`. */
export interface BackendInput extends Partial<Omit<ServiceInput, "id" | "drain">> {
  readonly name: string;
  /** `id` of a service. */
  readonly serviceId?: string | undefined;
  /** `drain` of a service, for the one instance. */
  readonly drainCommand?: string | undefined;
}

/** What the short form writes otherwise, by where it stands in the general one. */
const OTHERWISE: readonly (readonly [general: readonly string[], short: readonly string[]])[] = [
  [["redis", REDIS], ["redis"]],
  [
    ["services", BACKEND, "id"],
    [BACKEND, "serviceId"],
  ],
  [
    ["services", BACKEND, "drain", REDIS],
    [BACKEND, "drainCommand"],
  ],
  [["services", BACKEND], [BACKEND]],
];

/** An environment in the general form, and where its file writes what stands at a path there. */
export interface General {
  readonly input: unknown;
  readonly written: (path: readonly PropertyKey[]) => readonly PropertyKey[];
}

/** Brings the short form, of the instance or of the service or of both, into the general one. Nothing else knows it. */
export function toGeneral(environment: unknown): General {
  if (!isObject(environment)) return { input: environment, written: (path) => path };
  const { redis, backend, ...rest } = environment;
  const short = isShort(redis);
  const hasBackend = backend !== undefined;
  const input = {
    ...rest,
    redis: short ? { [REDIS]: redis } : redis,
    ...(!hasBackend
      ? {}
      : rest.services === undefined
        ? { services: { [BACKEND]: serviceOf(backend, redis) } }
        : { backend }),
  };
  const otherwise = OTHERWISE.filter(([[field]]) => (field === "redis" ? short : hasBackend));
  const written = (path: readonly PropertyKey[]) => {
    const found = otherwise.find(([general]) => general.every((part, index) => path[index] === part));
    return found === undefined ? path : [...found[1], ...path.slice(found[0].length)];
  };
  return { input, written };
}

/** An instance by itself, where the general form has each by its key. */
function isShort(redis: unknown): boolean {
  return !isObject(redis) || Object.keys(INSTANCE).some((field) => field in redis && !isObject(redis[field]));
}

function serviceOf(backend: unknown, redis: unknown): unknown {
  if (!isObject(backend)) return backend;
  const { serviceId, drainCommand, ...rest } = backend;
  const instance = isObject(redis) && typeof redis.name === "string" ? redis.name : "";
  return {
    groupName: `${instance}-env`,
    uses: { REDIS_URL: REDIS },
    env: { ENABLE_QUEUES: "true" },
    ...rest,
    ...(serviceId === undefined ? {} : { id: serviceId }),
    ...(drainCommand === undefined ? {} : { drain: { [REDIS]: drainCommand } }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
