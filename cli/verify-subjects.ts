import type { Environment } from "../environments/define.ts";
import { requireOwnRender } from "../environments/emulator-mark.ts";
import { loadEnvironments } from "../environments/load.ts";
import { stackDirectory } from "../pipeline/synthesize.ts";
import { expectedInstance } from "../render/instance.ts";
import { expectedService, jobServicesOf, serviceIdOf } from "../render/service.ts";
import { nearest, notOneOf, Stop } from "../runtime/errors.ts";
import type { Subject } from "./verify-request.ts";

/**
 * What is verified of environments: `production` is all of it, `production queue` its instance or service of that key.
 *
 * @throws Stop naming what there is.
 */
export async function subjectsOf(words: readonly string[], env: NodeJS.ProcessEnv): Promise<readonly Subject[]> {
  const { names, resolveEnvironment } = await loadEnvironments();
  const asked = new Map<string, Set<string>>();
  let last: string | undefined;
  for (const word of words) {
    const keys = last === undefined || names.includes(word) ? undefined : asked.get(last);
    if (keys !== undefined) keys.add(word);
    else if (!asked.has(word)) asked.set(word, new Set());
    if (keys === undefined) last = word;
  }
  return [...asked].flatMap(([name, keys]) => {
    const environment = resolveEnvironment(name);
    // Without the mark nothing can be mistaken: what is looked at is only read.
    if (env.TF_VAR_emulator) requireOwnRender(environment, env);
    const known = [...Object.keys(environment.redis), ...Object.keys(environment.services)];
    const wrong = [...keys].find((key) => !known.includes(key));
    if (wrong !== undefined) {
      const like = nearest(wrong, names);
      const hint = like === undefined ? "" : ` Or the environment "${like}"?`;
      throw new Stop("misused", `The instance or service of "${name}" ${notOneOf(known, wrong).message}${hint}`);
    }
    const parts = partsOf(environment, env);
    return parts
      .filter((part) => keys.size === 0 || part.keys.some((key) => keys.has(key)))
      .map(({ subject }) => subject);
  });
}

/** Its instances, then its services. One of each is one subject, and has no key: there is nothing to tell apart. */
function partsOf(environment: Environment, env: NodeJS.ProcessEnv): { keys: string[]; subject: Subject }[] {
  const { prove: _inDeploysOnly, ...limits } = environment.checks;
  const shared = { ...limits, prove: "no", stackDirectory: stackDirectory(environment.name) } as const;
  const instances = Object.entries(environment.redis).map(([key, instance]) => {
    return { key, expected: expectedInstance(environment, instance, key) };
  });
  const services = Object.entries(environment.services).map(([key, described]) => {
    const serviceId = serviceIdOf(key, described, env);
    const uses = new Set(Object.values(described.uses).map(({ redis }) => redis));
    const used = instances.filter((instance) => uses.has(instance.key));
    const service = serviceId === undefined ? undefined : expectedService(described, serviceId, key);
    return { key, serviceId, service, used };
  });
  const isPair = instances.length === 1 && services.length === 1;
  const keyed = (key: string) => (instances.length + services.length === 1 || isPair ? {} : { key });
  const ofInstances = instances.map(({ key, expected }) => {
    const inside = jobServicesOf(environment.services, key, env);
    const [pair] = isPair ? services : [];
    const about =
      pair === undefined ? { about: "instance" as const } : { service: pair.service, used: { [key]: { expected } } };
    const keys = [key, ...(pair === undefined ? [] : [pair.key])];
    return { keys, subject: { ...shared, ...keyed(key), ...about, expected, ...inside } };
  });
  const ofServices = services.flatMap(({ key, serviceId, service, used }) => {
    const [first] = used;
    if (first === undefined) return [];
    const byKey = Object.fromEntries(used.map(({ key: name, expected }) => [name, { expected }]));
    const about = { about: "service" as const, service, used: byKey };
    return [{ keys: [key], subject: { ...shared, key, ...about, expected: first.expected, serviceId } }];
  });
  return [...ofInstances, ...(isPair ? [] : ofServices)];
}
