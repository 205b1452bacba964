import type { Instance } from "../render/instance.ts";
import { notOneOf, Stop } from "../runtime/errors.ts";
import type { Environment } from "./define.ts";

/**
 * The instance that a command is about: the one that is named, or the only one.
 *
 * @throws Stop naming the instances that there are.
 */
export function pickInstance({ name, redis }: Environment, key?: string): [key: string, instance: Instance] {
  const keys = Object.keys(redis);
  const picked = key ?? (keys.length === 1 ? keys[0] : undefined);
  const instance = picked === undefined ? undefined : redis[picked];
  if (picked !== undefined && instance !== undefined) return [picked, instance];
  if (key !== undefined) throw new Stop("misused", `The instance ${notOneOf(keys, key).message}`);
  throw new Stop("misused", `The environment "${name}" has several instances: ${keys.join(", ")}.`, {
    remedy: `Name one: ${name} ${keys[0]}.`,
  });
}
