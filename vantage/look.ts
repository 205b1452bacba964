import type { Experiment, Observation } from "../checks/observation/observation.ts";
import type { FailureKind } from "../redis/failure.ts";
import type { RenderClient } from "../render/api/client.ts";
import { getConnectionInfo, type KeyValue } from "../render/api/key-value.ts";
import type { Deadline } from "../runtime/deadline.ts";
import type { Secrets } from "../runtime/secrets.ts";
import { lookFromOutside } from "./external.ts";
import { lookFromInside } from "./inside.ts";
import type { Live, Obstacle, PassedOver, Vantage } from "./live.ts";

/** With another vantage to go to, the first does not get all the time. */
const FIRST_SHARE_MS = 20_000;

/** These may be the fault of the way, not of the Redis: another vantage may see more. */
const THE_WAY: readonly FailureKind[] = ["NOT_ALLOWED", "NOT_FOUND", "REFUSED", "UNREACHABLE", "TIMEOUT", "CLOSED"];

export interface LookOptions {
  readonly client: RenderClient;
  /** `auto` takes the first that works. */
  readonly vantage: Vantage | "auto";
  /** The service whose one-off jobs run inside. */
  readonly backendServiceId?: string | undefined;
  readonly deadline: Deadline;
  /** Ends the looking: the deadline, or news that the instance is gone. */
  readonly signal: AbortSignal;
  readonly experiments: readonly Experiment[];
  readonly secrets: Secrets;
  readonly onProgress: (text: string) => void;
}

type Seen = { readonly observation: Observation } | { readonly obstacle: Obstacle };

/** Looks at the running Redis from the vantage that was asked for, or from the first that works. */
export async function look(options: LookOptions, instance: KeyValue): Promise<Live> {
  switch (options.vantage) {
    case "external":
      return {
        vantage: "external",
        passedOver: [],
        ...(await external(options, instance, options.deadline.remainingMs)),
      };
    case "inside":
      return { vantage: "inside", passedOver: [], ...(await inside(options, instance)) };
    case "api-only": {
      const reason = "nobody looked at the Redis itself: --vantage api-only";
      return { vantage: "api-only", passedOver: [], obstacle: { reason, remedy: "Leave --vantage out." } };
    }
    case "auto":
      return lookAround(options, instance);
  }
}

async function lookAround(options: LookOptions, instance: KeyValue): Promise<Live> {
  const { backendServiceId, deadline } = options;
  const share =
    backendServiceId === undefined ? deadline.remainingMs : Math.min(FIRST_SHARE_MS, deadline.remainingMs / 2);
  const outside = await external(options, instance, share);
  if ("observation" in outside) return { vantage: "external", passedOver: [], ...outside };
  const { failure, reason } = outside.obstacle;
  // A wrong certificate or password is a finding, not a reason to look elsewhere.
  if (failure !== undefined && !THE_WAY.includes(failure)) return { vantage: "external", passedOver: [], ...outside };
  const passedOver: PassedOver[] = [{ vantage: "external", reason }];
  const within = await inside(options, instance);
  if ("observation" in within) return { vantage: "inside", passedOver, ...within };
  if (within.obstacle.failure !== undefined) return { vantage: "inside", passedOver, ...within };
  passedOver.push({ vantage: "inside", reason: within.obstacle.reason });
  // Who was let in and got no answer has still seen more than who could not try.
  if (failure !== undefined) return { vantage: "external", passedOver: passedOver.slice(1), ...outside };
  const obstacle = {
    reason: `${reason}; ${within.obstacle.reason}`,
    remedy: `${within.obstacle.remedy} Or: ${outside.obstacle.remedy}`,
  };
  return { vantage: "api-only", passedOver, obstacle };
}

async function external(options: LookOptions, instance: KeyValue, connectWithinMs: number): Promise<Seen> {
  const { client, secrets, signal, experiments, onProgress } = options;
  // The API shows an external URL even when nobody may use it.
  if (instance.ipAllowList.length === 0) {
    return {
      obstacle: {
        reason: "the allow list is empty, so nobody may connect from outside",
        remedy: "Add this machine's address to `redis.ipAllowList`.",
      },
    };
  }
  onProgress("connecting from outside");
  const { externalConnectionString: url } = await getConnectionInfo(client, instance.id);
  secrets.addUrl(url);
  return lookFromOutside(url, { signal, connectWithinMs, experiments, onProgress });
}

async function inside(options: LookOptions, instance: KeyValue): Promise<Seen> {
  const { backendServiceId } = options;
  if (backendServiceId !== undefined) {
    return lookFromInside({ ...options, backendServiceId, instanceId: instance.id, ownerId: instance.owner.id });
  }
  return {
    obstacle: {
      reason: "no backend is known that could run a job inside",
      remedy: "Say which: `backend.serviceId`, or TF_VAR_backend_service_id=srv-….",
    },
  };
}
