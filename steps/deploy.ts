import { setTimeout as sleep } from "node:timers/promises";
import type { RenderClient } from "../render/api/client.ts";
import { API, type Deploy, FAILED_DEPLOYS } from "../render/api/endpoints.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const HEARTBEAT_MS = 15_000;

/** How a deploy ended; `pending` when the signal came first. */
export type DeployEnd = { readonly deploy: Deploy; readonly outcome: "live" | "failed" | "pending" };

/**
 * Waits until a deploy is live or has failed. When a later one takes its place, as Render does when deploys overlap,
 * it goes on with that.
 */
export async function followDeploy(
  client: RenderClient,
  serviceId: string,
  begun: Deploy,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<DeployEnd> {
  let deploy = begun;
  let shown = "";
  let shownAt = Date.now();
  const began = Date.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.3, LONGEST_PAUSE_MS)) {
    if (deploy.status !== shown || Date.now() - shownAt >= HEARTBEAT_MS) {
      say(`deploy ${deploy.id} is ${deploy.status} (${Math.round((Date.now() - began) / 1_000)} s)`);
      shown = deploy.status;
      shownAt = Date.now();
    }
    // Deactivated: it was live until a later deploy was.
    if (deploy.status === "live" || deploy.status === "deactivated") return { deploy, outcome: "live" };
    if (FAILED_DEPLOYS.includes(deploy.status)) {
      const successor = await newerThan(client, serviceId, deploy);
      if (successor === undefined) return { deploy, outcome: "failed" };
      say(`deploy ${deploy.id} gave way to ${successor.id}`);
      deploy = successor;
      continue;
    }
    const waited = await sleep(pause, true, { signal }).catch(() => false);
    if (!waited) return { deploy, outcome: "pending" };
    deploy = await client.call(API.getDeploy, { id: serviceId, deployId: deploy.id });
  }
}

async function newerThan(client: RenderClient, serviceId: string, deploy: Deploy): Promise<Deploy | undefined> {
  const deploys = await client.first(API.listDeploys, { id: serviceId });
  const at = deploys.findIndex(({ id }) => id === deploy.id);
  return deploys.slice(0, Math.max(at, 0)).find(({ status }) => !FAILED_DEPLOYS.includes(status));
}
