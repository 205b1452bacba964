import { parseRedisUrl } from "../../redis/address.ts";
import {
  API,
  type Deploy,
  type EnvGroup,
  type EnvVar,
  type KeyValue,
  type Service,
} from "../../render/api/endpoints.ts";
import { isLinkedTo } from "../../render/api/env-groups.ts";
import { RenderApiError } from "../../render/api/error.ts";
import { gatherServiceFacts } from "../../render/api/service-facts.ts";
import { healthAddress } from "../../render/health-address.ts";
import { type ExpectedService, type Use, whereIdIsSet } from "../../render/service.ts";
import { sendHttp } from "../../runtime/http.ts";
import { until, within } from "../../runtime/wait.ts";
import type { LookOptions, Obstacle } from "../../vantage/vantage.ts";

const HEALTH_POLL_MS = 500;
/** Milliseconds in which a service must have answered well, and that one request may take. */
const AWAKE = { withinMs: 30_000, requestMs: 5_000 };
/** A free service that sleeps holds the first request for about 50 s, or answers 503 meanwhile. */
const ASLEEP = { withinMs: 100_000, requestMs: 75_000 };

/** What was seen of a service. It holds no value of a variable. */
export interface ServiceState {
  readonly description: ExpectedService;
  /** Render's kind of service: `cron_job`. */
  readonly type: string;
  /** When a cron job last ran to its end. */
  readonly lastRunAt: string | undefined;
  /** What else is linked to its group, which is for it alone. */
  readonly otherLinks: readonly { readonly id: string; readonly name: string }[];
  /** What it would be deployed with now, for each variable that it should have. */
  readonly variables: readonly EffectiveVariable[];
  /** When its group was created; `undefined` when it is not linked. Render shows no time of a change of variables. */
  readonly groupCreatedAt: string | undefined;
  /** The latest deploys, newest first. */
  readonly deploys: readonly Deploy[];
  /** How it answered on its health path, or why it could not be asked; `undefined` without one. */
  readonly health: Health | Obstacle | undefined;
}

/** `outcome` is the status that it answered with, or why there was no answer. */
export interface Health {
  readonly well: boolean;
  readonly outcome: string;
  readonly milliseconds: number;
}

/** Where a service gets a variable from, and whether it is what it should be. Without the value. */
export interface EffectiveVariable {
  readonly key: string;
  /** `service` for one set on the service itself; the name of a group; `undefined` when it is not set at all. */
  readonly from: "service" | { readonly group: string } | undefined;
  readonly asExpected: boolean;
}

export type ServiceSeen = { readonly state: ServiceState } | { readonly obstacle: Obstacle };

type Options = Pick<LookOptions, "client" | "deadline" | "secrets" | "onProgress">;

/**
 * Looks at a service through Render's API, and at its health path.
 *
 * @param ids Of the instances that it uses, by key.
 */
export async function observeService(
  description: ExpectedService,
  ids: Readonly<Record<string, string>>,
  { owner }: Pick<KeyValue, "owner">,
  options: Options,
): Promise<ServiceSeen> {
  const { client } = options;
  const { serviceId, groupName } = description;
  const { field, variable } = whereIdIsSet(description.key);
  const unknown: Obstacle = {
    reason: `there is no service ${serviceId}`,
    remedy: `Set ${field}, or ${variable}, to the service's id.`,
  };
  try {
    const [{ service, variables, groups }, deploys, used] = await Promise.all([
      gatherServiceFacts(client, owner.id, serviceId, groupName),
      client.first(API.listDeploys, { id: serviceId }),
      valuesUsed(description, ids, options),
    ]);
    if (service === undefined) return { obstacle: unknown };
    const linked = groups.filter((group) => isLinkedTo(group, serviceId));
    const group = linked.find(({ name }) => name === groupName);
    return {
      state: {
        description,
        type: service.type,
        lastRunAt: service.serviceDetails.lastSuccessfulRunAt ?? undefined,
        otherLinks: group?.serviceLinks.filter(({ id }) => id !== serviceId) ?? [],
        variables: effectiveVariables({ ...used, ...description.env }, variables, linked),
        groupCreatedAt: group?.createdAt,
        deploys,
        health: await askHealth(service, description, options),
      },
    };
  } catch (error) {
    if (!(error instanceof RenderApiError)) throw error;
    if (error.status === 404) return { obstacle: unknown };
    return { obstacle: { reason: error.message, remedy: "Run the checks again; see https://status.render.com." } };
  }
}

/** What each variable should hold of the instances. */
async function valuesUsed(
  { uses }: ExpectedService,
  ids: Readonly<Record<string, string>>,
  { client, secrets }: Options,
): Promise<Record<string, string>> {
  const urls = await Promise.all(
    Object.entries(ids).map(async ([key, id]) => {
      const { internalConnectionString: url } = await client.call(API.getConnectionInfo, { id });
      secrets.addUrl(url);
      return [key, url] as const;
    }),
  );
  const byKey = new Map(urls);
  const values = Object.entries(uses).map(([name, use]) => {
    const url = byKey.get(use.redis);
    if (url === undefined) throw new Error(`${name} uses an instance that was not looked for: ${use.redis}`);
    return [name, partOf(url, use)];
  });
  return Object.fromEntries(values);
}

/** What a variable holds of an instance, by its internal URL. */
export function partOf(url: string, { as, database }: Pick<Use, "as" | "database">): string {
  if (as === "url") return database === undefined ? url : `${url}/${database}`;
  const { host, port, password = "" } = parseRedisUrl(url);
  return { host, port: String(port), password }[as];
}

/**
 * What a service is deployed with: a variable of its own wins over every group, and among groups the one that was
 * created last wins, which Render does not promise.
 */
export function effectiveVariables(
  expected: Readonly<Record<string, string>>,
  own: readonly EnvVar[],
  groups: readonly EnvGroup[],
): EffectiveVariable[] {
  const newestFirst = groups.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  const sources = [
    { from: "service" as const, variables: own },
    ...newestFirst.map(({ name, envVars }) => ({ from: { group: name }, variables: envVars })),
  ];
  return Object.entries(expected).map(([key, value]) => {
    for (const { from, variables } of sources) {
      const found = variables.find((variable) => variable.key === key);
      if (found !== undefined) return { key, from, asExpected: found.value === value };
    }
    return { key, from: undefined, asExpected: false };
  });
}

async function askHealth(
  service: Service,
  { healthPath, name }: ExpectedService,
  { deadline: { signal }, onProgress }: Options,
): Promise<Health | Obstacle | undefined> {
  if (healthPath === undefined) return undefined;
  const address = healthAddress(service, healthPath);
  if ("reason" in address) return address;
  const isFree = service.serviceDetails.plan === "free";
  const limits = isFree ? ASLEEP : AWAKE;
  const begin = performance.now();
  let last = "no answer";
  const isWell = () => /^2\d\d$/.test(last);
  const isWaking = () => isFree && (last === "503" || last.startsWith("no answer"));
  await until(
    async () => {
      onProgress(`${isFree ? "waking" : "asking"} ${name} on ${healthPath}`);
      const outcome = await within(limits.requestMs, (stop) => ask(address, stop), signal);
      // The deadline ends the call under way. Report the last answer, not the deadline.
      if (!signal.aborted) last = outcome;
      return isWell() || (!isWaking() && performance.now() - begin > AWAKE.withinMs);
    },
    { signal, first: HEALTH_POLL_MS, withinMs: limits.withinMs },
  );
  const milliseconds = Math.round(performance.now() - begin);
  if (signal.aborted && isWaking()) {
    const reason = `the free service was still waking up after ${(milliseconds / 1_000).toFixed(1)} s (${last})`;
    return { reason, remedy: "Run the checks again, or allow more time: checks.deadlineSeconds." };
  }
  return { well: isWell(), outcome: last, milliseconds };
}

/** The status, or why there is none. Never the body: it may hold anything. */
async function ask(address: URL, signal: AbortSignal): Promise<string> {
  try {
    return String((await sendHttp(address.href, { signal })).status);
  } catch (error) {
    return error instanceof Error && "code" in error ? `no answer (${error.code})` : "no answer";
  }
}
