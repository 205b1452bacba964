import type { RenderClient } from "../render/api/client.ts";
import { API, type Deploy, FAILED_DEPLOYS } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { Stop } from "../runtime/errors.ts";
import { until } from "../runtime/wait.ts";

const LIST_MS = 500;
/** Milliseconds until a deploy that Render has accepted must be in its list; less when it may not have been accepted. */
const ACCEPTED_MS = 30_000;
const LOST_MS = 2_000;
/** Milliseconds in which the deploy that has cancelled another must be in the list. */
const SUCCESSOR_MS = 2_000;
/** Milliseconds after which the wait is explained. */
const SLOW_MS = 2_000;

const POLL = { first: 250, longest: 5_000 } as const;
const HEARTBEAT_MS = 15_000;

/** Every other status is that of a deploy in progress, also one that is not known. */
const OVER: readonly string[] = ["live", "deactivated", ...FAILED_DEPLOYS];

/** What a step works with. */
export interface StepContext {
  readonly client: RenderClient;
  /** Fires when it has taken too long. */
  readonly signal: AbortSignal;
  /** Shows how it gets on. */
  readonly say: (line: string) => void;
}

/** How the wait for a service's turn ended: with its latest deploys, or with one that was still in progress. */
export type Turn = { readonly deploys: readonly Deploy[] } | { readonly busy: Deploy | undefined };

/**
 * Waits until no deploy of a service is in progress. Unless the workspace chose otherwise, Render cancels that one when
 * another begins: somebody's commit would not be built.
 */
export async function awaitTurn({ client, signal, say }: StepContext, serviceId: string): Promise<Turn> {
  const progress = heartbeat(say);
  let busy: Deploy | undefined;
  const look = async () => {
    const deploys = await latestDeploys(client, serviceId);
    const inProgress = deploys.find(({ status }) => !OVER.includes(status));
    if (inProgress === undefined) return { deploys };
    if (busy?.id !== inProgress.id) say(`waiting for deploy ${inProgress.id} to end: a new one could cancel it`);
    busy = inProgress;
    progress(inProgress);
    return undefined;
  };
  return (await until(look, { signal, ...POLL })) ?? { busy };
}

/**
 * Starts a deploy of a service and finds out which one it is, also where Render does not say: when it answers without a
 * body, and when the connection breaks before the answer. Then it is the new one that was started through the API.
 *
 * @param before The deploys that there were.
 * @throws Stop when it may be either of two; RenderApiError.
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
    say("Render has accepted the deploy without naming it");
  } catch (error) {
    if (!(error instanceof RenderApiError) || error.reason !== "network") throw error;
    lost = error;
  } finally {
    clearTimeout(explain);
  }
  const known = new Set(before.map(({ id }) => id));
  let looksWithOne = 0;
  const look = async () => {
    const deploys = await latestDeploys(client, serviceId);
    const [ours, ...others] = deploys.filter(({ id, trigger }) => trigger === "api" && !known.has(id));
    if (ours === undefined) return undefined;
    if (others.length > 0) throw ambiguous([ours, ...others]);
    looksWithOne += 1;
    // Somebody else's may be listed first.
    return looksWithOne > 1 && ours;
  };
  const begun = await until(look, { signal, first: LIST_MS, withinMs: lost === undefined ? ACCEPTED_MS : LOST_MS });
  if (begun !== undefined) return begun;
  throw lost ?? unlisted(serviceId);
}

/** Newest first. */
function latestDeploys(client: RenderClient, serviceId: string): Promise<Deploy[]> {
  return client.first(API.listDeploys, { id: serviceId });
}

function unlisted(serviceId: string): Stop {
  return new Stop("unknown", `Render has accepted a deploy of ${serviceId}, and does not list it.`, {
    remedy: "It may still begin. See the service's deploys in Render's dashboard, then run the same command again.",
  });
}

function ambiguous(deploys: readonly Deploy[]): Stop {
  return new Stop(
    "unknown",
    `Several deploys began at once, and Render does not say which one is ours: ${deploys.map(({ id }) => id).join(", ")}.`,
    { remedy: "They go on. Run the same command again: it waits for them, then starts another." },
  );
}

/** How a deploy ended; `pending` when the signal came first. */
export type DeployEnd = { readonly deploy: Deploy; readonly outcome: "live" | "failed" | "pending" };

/**
 * Waits until a deploy is live or has failed. When a later one has taken its place, as Render does when deploys overlap,
 * it follows that one: it began later, so it reads what this one would have read.
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
        const successor = await successorOf(client, serviceId, deploy, signal);
        if (successor === undefined) return { deploy, outcome: "failed" };
        say(`deploy ${deploy.id} gave way to ${successor.id}`);
        deploy = successor;
      }
    },
    { signal, ...POLL },
  );
  return ended ?? { deploy, outcome: "pending" };
}

/** Says where the deploy stands when that is news, and from time to time. */
function heartbeat(say: (line: string) => void): (deploy: Deploy) => void {
  const began = Date.now();
  let shown = { news: "", at: began };
  return ({ id, status }) => {
    const news = `deploy ${id} is ${status}`;
    if (news === shown.news && Date.now() - shown.at < HEARTBEAT_MS) return;
    say(`${news} (${Math.round((Date.now() - began) / 1_000)} s)`);
    shown = { news, at: Date.now() };
  };
}

/** The first deploy after this one that has not failed. What has cancelled this one may be listed a little later. */
async function successorOf(
  client: RenderClient,
  serviceId: string,
  { id: overtaken, status: end }: Deploy,
  signal: AbortSignal,
): Promise<Deploy | undefined> {
  const look = async () => {
    const deploys = await latestDeploys(client, serviceId);
    const at = deploys.findIndex(({ id }) => id === overtaken);
    return deploys.slice(0, Math.max(at, 0)).findLast(({ status }) => !FAILED_DEPLOYS.includes(status));
  };
  return until(look, { signal, first: LIST_MS, withinMs: end === "canceled" ? SUCCESSOR_MS : 0 });
}
