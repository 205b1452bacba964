import type { Use } from "./service.ts";

/**
 * The line of an environment's file that describes a service which somebody linked by hand to the group of another one.
 *
 * @param uses What the group gives. Default the only instance, as `REDIS_URL`.
 */
export function serviceLine(
  { id, name }: { readonly id: string; readonly name: string },
  uses: Readonly<Record<string, Use>> = { REDIS_URL: { redis: "redis", as: "url" } },
): string {
  const key =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "_")
      .replaceAll(/^[^a-z]+|_$/g, "") || "service";
  const used = Object.entries(uses).map(([variable, use]) => `${variable}: ${shown(use)}`);
  return `${key}: { name: ${JSON.stringify(name)}, id: "${id}", uses: { ${used.join(", ")} } },`;
}

function shown({ redis, as, database }: Use): string {
  const key = JSON.stringify(redis);
  if (as === "url" && database === undefined) return key;
  const rest = [as === "url" ? "" : `, as: "${as}"`, database === undefined ? "" : `, database: ${database}`];
  return `{ redis: ${key}${rest.join("")} }`;
}
