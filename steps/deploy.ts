import type { RenderClient } from "../render/api/client.ts";
import { API, type Deploy, FAILED_DEPLOYS } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { until } from "../runtime/wait.ts";

const LIST_MS = 500;
/** Milliseconds until a deploy that Render has accepted must be in its list; less when it may not have been accepted. */
const ACCEPTED_MS = 30_000;
const LOST_MS = 2_000;
/** Milliseconds after which the wait is explained. */
const SLOW_MS = 2_000;

const POLL = { first: 250, longest: 5_000 } as const;
const HEARTBEAT_MS = 15_000;

/** What a step works with. */
export interface StepContext {
  readonly client: RenderClient;
  /** Fires when it has taken too long. */
  readonly signal: AbortSignal;
  /** Shows how it gets on. */
  readonly say: (line: string) => void;
}

/**
 * Starts a deploy of a service and finds out which one it is, also where Render does not say: when it answers without a
 * body, and when the connection breaks before the answer.
 *
 * @param before The deploys that there were.
 */
export async function beginDeploy(
  { client, signal, say }: StepContext,
  serviceId: string,
  before: readonly Deploy[],
): Promise<Deploy> {
  const explain = setTimeout(() => say("waiting: Render allows 10 deploys of a service a minute"), SLOW_MS);
  let lost: RenderApiError | undefined;
  try {
    const deploy = await client.call(API.startDeploy, { id: serviceId }, { deployMode: "deploy_only" });
    if (deploy !== undefined) return deploy;
    say("Render has queued the deploy without naming it");
  } catch (error) {
    if (!(error instanceof RenderApiError) || error.reason !== "network") throw error;
    lost = error;
  } finally {
    clearTimeout(explain);
  }
  const known = new Set(before.map(({ id }) => id));
  const look = async () => {
    const found = (await client.first(API.listDeploys, { id: serviceId })).filter(({ id }) => !known.has(id));
    // Somebody may have pushed a commit in the same moment.
    return found.find(({ trigger }) => trigger === "api") ?? found[0];
  };
  const begun = await until(look, { signal, first: LIST_MS, withinMs: lost === undefined ? ACCEPTED_MS : LOST_MS });
  if (begun !== undefined) return begun;
  throw (
    lost ??
    new RenderApiError({
      call: `POST /services/${serviceId}/deploys`,
      reason: "answer",
      explanation: "the deploy was accepted, but is not in the list.",
    })
  );
}

/** How a deploy ended; `pending` when the signal came first. */
export type DeployEnd = { readonly deploy: Deploy; readonly outcome: "live" | "failed" | "pending" };

/**
 * Waits until a deploy is live or has failed. When a later one takes its place, as Render does when deploys overlap, it
 * follows that one.
 */
export async function followDeploy(
  { client, signal, say }: StepContext,
  serviceId: string,
  begun: Deploy,
): Promise<DeployEnd> {
  let deploy = begun;
  let isFresh = true;
  const progress = heartbeat(say);
  const ended = await until(
    async (): Promise<DeployEnd | undefined> => {
      if (!isFresh) deploy = await client.call(API.getDeploy, { id: serviceId, deployId: deploy.id });
      isFresh = false;
      for (;;) {
        progress(deploy);
        // Deactivated: it was live until a later deploy was.
        if (deploy.status === "live" || deploy.status === "deactivated") return { deploy, outcome: "live" };
        if (!FAILED_DEPLOYS.includes(deploy.status)) return undefined;
        const successor = await newerThan(client, serviceId, deploy);
        if (successor === undefined) return { deploy, outcome: "failed" };
        say(`deploy ${deploy.id} gave way to ${successor.id}`);
        deploy = successor;
      }
    },
    { signal, ...POLL },
  );
  return ended ?? { deploy, outcome: "pending" };
}

/** Says where a deploy stands when that is news, and from time to time. */
function heartbeat(say: (line: string) => void): (deploy: Deploy) => void {
  const began = Date.now();
  let shown = { status: "", at: began };
  return ({ id, status }) => {
    if (status === shown.status && Date.now() - shown.at < HEARTBEAT_MS) return;
    say(`deploy ${id} is ${status} (${Math.round((Date.now() - began) / 1_000)} s)`);
    shown = { status, at: Date.now() };
  };
}

async function newerThan(client: RenderClient, serviceId: string, deploy: Deploy): Promise<Deploy | undefined> {
  const deploys = await client.first(API.listDeploys, { id: serviceId });
  const at = deploys.findIndex(({ id }) => id === deploy.id);
  return deploys.slice(0, Math.max(at, 0)).find(({ status }) => !FAILED_DEPLOYS.includes(status));
}
