import { setTimeout as sleep } from "node:timers/promises";
import type { RenderClient } from "../../render/api/client.ts";
import { type Deploy, listDeploys } from "../../render/api/deploy.ts";
import { type EnvGroup, getLinkedEnvGroups } from "../../render/api/env-group.ts";
import { RenderApiError } from "../../render/api/error.ts";
import { getConnectionInfo } from "../../render/api/key-value.ts";
import { getService, listServiceEnvVars } from "../../render/api/service.ts";
import type { BackendDescription } from "../../render/backend-description.ts";
import type { Deadline } from "../../runtime/deadline.ts";
import type { Secrets } from "../../runtime/secrets.ts";
import type { Obstacle } from "../../vantage/live.ts";
import { type EffectiveVariable, effectiveVariables } from "./effective-variables.ts";

const HEALTH_POLL_MS = 500;
const HEALTH_DEADLINE_MS = 30_000;
const HEALTH_TIMEOUT_MS = 5_000;

/** What was seen of the backend. It holds no value of a variable. */
export interface BackendState {
  readonly description: BackendDescription;
  /** What it would be deployed with now, for each variable that it should have. */
  readonly variables: readonly EffectiveVariable[];
  /** When its group, or the group's link, was last changed; `undefined` when it is not linked. */
  readonly changedAt: string | undefined;
  /** The latest deploys, newest first. */
  readonly deploys: readonly Deploy[];
  /** What came of asking it on its health path; `undefined` without one. */
  readonly health: Health | undefined;
}

/** `outcome` is the status that it answered with, or why there was no answer. */
export interface Health {
  readonly well: boolean;
  readonly outcome: string;
  readonly milliseconds: number;
}

export type BackendSeen = { readonly state: BackendState } | { readonly obstacle: Obstacle };

export interface ObserveBackendOptions {
  readonly client: RenderClient;
  readonly instanceId: string;
  readonly deadline: Deadline;
  readonly secrets: Secrets;
  readonly onProgress: (text: string) => void;
}

/** Looks at the backend through Render's API, and at its health path. */
export async function observeBackend(
  description: BackendDescription,
  { client, instanceId, deadline, secrets, onProgress }: ObserveBackendOptions,
): Promise<BackendSeen> {
  const { serviceId, groupName } = description;
  try {
    const [service, own, groups, deploys, { internalConnectionString: url }] = await Promise.all([
      getService(client, serviceId),
      listServiceEnvVars(client, serviceId),
      getLinkedEnvGroups(client, serviceId),
      listDeploys(client, serviceId),
      getConnectionInfo(client, instanceId),
    ]);
    secrets.addUrl(url);
    const variables = effectiveVariables({ REDIS_URL: url, ...description.env }, own, groups);
    return {
      state: {
        description,
        variables,
        changedAt: groups.find(({ name }: EnvGroup) => name === groupName)?.updatedAt,
        deploys,
        health: await askHealth(description, service.serviceDetails.url, deadline, onProgress),
      },
    };
  } catch (error) {
    if (!(error instanceof RenderApiError)) throw error;
    const gone = error.status === 404;
    return {
      obstacle: {
        reason: gone ? `there is no service ${serviceId}` : error.message,
        remedy: gone
          ? "Set backend.serviceId, or TF_VAR_backend_service_id, to the backend's id."
          : "Run the checks again; see https://status.render.com.",
      },
    };
  }
}

async function askHealth(
  { healthPath, name }: BackendDescription,
  url: string | undefined,
  deadline: Deadline,
  onProgress: (text: string) => void,
): Promise<Health | undefined> {
  if (healthPath === undefined) return undefined;
  if (url === undefined) return { well: false, outcome: "the service has no address", milliseconds: 0 };
  const begin = performance.now();
  const address = new URL(healthPath, url);
  for (let last = "no answer"; ; ) {
    onProgress(`asking ${name} on ${healthPath}`);
    const outcome = await ask(address, deadline.signal);
    // The deadline ends the call under way; what the backend said before that says more.
    if (!deadline.signal.aborted) last = outcome;
    const milliseconds = Math.round(performance.now() - begin);
    const well = /^2\d\d$/.test(last);
    if (well || milliseconds >= HEALTH_DEADLINE_MS || deadline.signal.aborted) {
      return { well, outcome: last, milliseconds };
    }
    await sleep(HEALTH_POLL_MS, undefined, { signal: deadline.signal }).catch(() => {});
  }
}

/** The status, or why there is none. Never what the backend said: that may hold anything. */
async function ask(address: URL, stop: AbortSignal): Promise<string> {
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(HEALTH_TIMEOUT_MS)]);
    // Only what `fetch` and its stand-in in the bundle have in common.
    const answer = await fetch(address.href, { method: "GET", headers: {}, redirect: "manual", signal });
    await answer.text();
    return String(answer.status);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? ` (${cause.code})` : "";
    return `no answer${code}`;
  }
}
