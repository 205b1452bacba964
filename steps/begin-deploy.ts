import { setTimeout as sleep } from "node:timers/promises";
import type { RenderClient } from "../render/api/client.ts";
import { API, type Deploy } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";

const POLL_MS = 500;
/** Milliseconds until a deploy that Render has accepted must be in its list. */
const PATIENCE_MS = 30_000;
/** Silence that begs an explanation. */
const SLOW_MS = 2_000;

/**
 * Starts a deploy of a service and finds out which one it is, also where Render does not say: when it answers without a
 * body, and when the connection breaks before the answer.
 */
export async function beginDeploy(
  client: RenderClient,
  serviceId: string,
  before: readonly Deploy[],
  signal: AbortSignal,
  say: (line: string) => void,
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
  for (let waited = 0; waited < (lost === undefined ? PATIENCE_MS : POLL_MS * 4); waited += POLL_MS) {
    const found = (await client.first(API.listDeploys, { id: serviceId })).filter(({ id }) => !known.has(id));
    // Somebody may have pushed a commit in the same moment.
    const ours = found.find(({ trigger }) => trigger === "api") ?? found[0];
    if (ours !== undefined) return ours;
    await sleep(POLL_MS, undefined, { signal });
  }
  throw (
    lost ??
    new RenderApiError({
      call: `POST /services/${serviceId}/deploys`,
      reason: "answer",
      explanation: "the deploy was accepted, but is not in the list.",
    })
  );
}
