import type { z } from "zod";
import type { Instance } from "../render/instance.ts";
import type { Service } from "../render/service.ts";
import { notOneOf } from "../runtime/errors.ts";

interface Parts {
  readonly redis: Readonly<Record<string, Instance>>;
  readonly services: Readonly<Record<string, Service>>;
}

/** What is wrong in the parts of an environment only beside each other. */
export function refuseContradictions({ redis, services }: Parts, context: z.RefinementCtx): void {
  const refuse = (path: readonly string[], message: string) =>
    context.addIssue({ code: "custom", path: [...path], message });
  const instances = Object.entries(redis);

  for (const key of Object.keys(services)) {
    if (key in redis) refuse(["services", key], "must have another key: an instance has it.");
  }
  for (const [path, name, what] of [
    ...repeated(instances, "redis", "name", ({ name }) => name),
    ...repeated(Object.entries(services), "services", "id", ({ id }) => id),
    ...repeated(Object.entries(services), "services", "groupName", ({ groupName }) => groupName),
  ]) {
    refuse(path, `must not be ${JSON.stringify(name)}, which ${what} has.`);
  }
  for (const [key, { uses, env, drain }] of Object.entries(services)) {
    for (const [variable, { redis: used, as, database }] of Object.entries(uses)) {
      const path = ["services", key, "uses", variable];
      const instance = redis[used];
      if (variable in env) refuse(path, "must not be in `env`, too: it is built from the instance. Remove it there.");
      if (as !== "url" && database !== undefined) {
        refuse(
          path,
          `must not have a database: it is a part of the URL, and this is the ${as}. Put the number into \`env\`.`,
        );
      }
      if (instance === undefined) {
        refuse(path, notOneOf(Object.keys(redis), used).message);
      } else if (as === "password" && !instance.internalAuthentication) {
        refuse(
          path,
          `must not be a password: inside Render "${used}" asks for none. Is redis.internalAuthentication meant?`,
        );
      } else if (as === "host" && instance.internalAuthentication && !hasPassword(uses, used)) {
        const example = `{ redis: "${used}", as: "password" }`;
        refuse(
          path,
          `needs a variable with the password beside it: "${used}" asks for one. Add one that is ${example}.`,
        );
      }
    }
    for (const used of Object.keys(drain)) {
      if (!(used in redis)) refuse(["services", key, "drain", used], notOneOf(Object.keys(redis), used).message);
      const other = Object.entries(services).find(([, service]) => used in service.drain)?.[0];
      if (other !== key)
        refuse(["services", key, "drain", used], `must be in one service, and "${other}" has it, too.`);
    }
  }
}

function hasPassword(uses: Service["uses"], used: string): boolean {
  return Object.values(uses).some(({ redis, as }) => redis === used && as === "password");
}

type Repeated = readonly [path: readonly string[], value: string, other: string];

/** Those whose field has a value that one before them has. */
function repeated<T>(
  entries: readonly (readonly [string, T])[],
  part: string,
  field: string,
  of: (entry: T) => string | undefined,
): Repeated[] {
  return entries.flatMap(([key, entry], index): Repeated[] => {
    const value = of(entry);
    const before = entries.slice(0, index).find(([, other]) => value !== undefined && of(other) === value);
    return before === undefined || value === undefined ? [] : [[[part, key, field], value, `\`${part}.${before[0]}\``]];
  });
}
