import { MORE_TIME } from "../redis/explanations.ts";
import type { KeyValue } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { type ExpectedInstance, queuesOf } from "../render/instance.ts";
import type { ExpectedService } from "../render/service.ts";
import type { StackState } from "../render/strangers.ts";
import { readKnownIds } from "../render/terraform-state.ts";
import { until } from "../runtime/wait.ts";
import { look } from "../vantage/look.ts";
import type { Look, LookOptions, Vantage } from "../vantage/vantage.ts";
import { isBehind } from "./after-update.ts";
import { type Check, type CheckContext, isAsked, resultOf } from "./check.ts";
import { findInstance, NoInstance, waitUntilAvailable, watchInstance } from "./find-instance.ts";
import { observeGroupNames, observeInstanceNames } from "./observation/names.ts";
import type { Observation } from "./observation/observation.ts";
import { observeService, type ServiceSeen } from "./observation/service.ts";
import { observation } from "./program.ts";
import type { Result } from "./report.ts";
import { fail, pass, unknown } from "./result.ts";
import type { Verification } from "./verification.ts";

const ASK_AGAIN = "Run the checks again; see https://status.render.com.";

/** Milliseconds in which the running server must have followed an update. */
const UPDATE_MS = 60_000;
const UPDATE_POLLS = { first: 1_000, longest: 5_000 } as const;

/** One environment to verify, and how. */
export interface VerifyOptions
  extends Pick<CheckContext, "expected" | "key" | "prove" | "memoryUse">,
    Omit<LookOptions, "signal"> {
  /** Without it the instance is found by name and region, in this workspace or in all that the key can see. */
  readonly instanceId?: string | undefined;
  readonly ownerId: string | undefined;
  /** Where Terraform runs for the environment: its state tells which of two instances of a name is ours. */
  readonly stackDirectory: string;
  /** What the service should read, and how it is asked whether it is well. */
  readonly service?: ExpectedService | undefined;
  /** The instances that the service uses, by key, with their ids where they are known: all that it names. */
  readonly used?: Readonly<Record<string, UsedInstance>> | undefined;
  readonly checks: readonly Check[];
  /** Whether an apply has just ended, so that the server may not have followed it yet. Default not. */
  readonly afterApply?: boolean;
  /** `auto` takes the first that works. */
  readonly vantage: Vantage | "auto";
}

/** An instance that a service uses. Without its id it is found by name and region. */
export interface UsedInstance {
  readonly expected: ExpectedInstance;
  readonly id?: string | undefined;
}

/** Verifies one environment: waits until it is ready, looks, then lets every check judge. Never throws. */
export async function verify(options: VerifyOptions, verification: Verification): Promise<void> {
  try {
    const context = await observeAll(options, verification);
    if (context !== undefined) judge(options.checks, context, verification);
  } finally {
    verification.finish();
  }
}

/** Looks at everything; right after an apply again and again, while the server has yet to follow an update. */
async function observeAll(options: VerifyOptions, verification: Verification): Promise<CheckContext | undefined> {
  const { checks, deadline, onProgress, afterApply = false } = options;
  const stack = stackOf(options);
  let context: CheckContext | undefined;
  await until(
    async () => {
      const instance = await awaitInstance(options, stack, verification);
      context = undefined;
      if (instance === undefined) return true;
      const [seen, service, names] = await Promise.all([
        lookAtRedis(options, instance, verification),
        lookAtService(options, instance, stack),
        lookAtNames(options, instance, stack),
      ]);
      context = { ...options, instance, look: seen, service, names };
      if (!afterApply || !isBehind(checks, context)) return true;
      onProgress("the server has yet to follow the update");
      return undefined;
    },
    { signal: deadline.signal, withinMs: UPDATE_MS, ...UPDATE_POLLS },
  );
  return context;
}

/** The state is read once, and only when something asks for it. */
function stackOf({ stackDirectory: directory, deadline }: VerifyOptions): StackState {
  let known: ReturnType<StackState["known"]> | undefined;
  return { directory, known: () => (known ??= readKnownIds(directory, deadline.signal)) };
}

async function awaitInstance(
  options: VerifyOptions,
  stack: StackState,
  verification: Verification,
): Promise<KeyValue | undefined> {
  const { client, deadline, expected, onProgress } = options;
  const failed = (actual: string, remedy: string) => {
    verification.available(fail({ expected: "available", actual, source: "API" }, remedy));
  };
  let status: string | undefined;
  let last: string | undefined;
  try {
    onProgress("asking Render's API");
    const id = options.instanceId ?? (await findInstance(client, expected, options.ownerId, stack)).id;
    const instance = await waitUntilAvailable(client, id, deadline.signal, (seen) => {
      status = seen;
      onProgress(`the instance is ${seen}`);
    });
    if (instance !== undefined) {
      const evidence = { expected: "available", actual: instance.status, source: "API" };
      verification.available(pass(evidence), instance);
      return instance;
    }
  } catch (error) {
    if (error instanceof NoInstance) {
      if (error.ambiguous) verification.misconfigured(error.message, error.remedy);
      else failed(error.message, error.remedy);
      return undefined;
    }
    if (!(error instanceof RenderApiError)) throw error;
    last = error.last;
    if (!deadline.signal.aborted) {
      if (error.status === 404) failed("there is no such instance", "Deploy it again.");
      else if (error.status !== 401 && error.status !== 403) verification.available(unknown(error.message, ASK_AGAIN));
      else verification.misconfigured(error.message, "Check RENDER_API_KEY and RENDER_OWNER_ID.");
      return undefined;
    }
  }
  if (status !== undefined) {
    const remedy = `See the instance's events in Render's dashboard, or ${MORE_TIME}`;
    failed(`${status} (${deadline.reason})`, remedy);
  } else if (last === undefined) {
    const remedy = "Check the network, and RENDER_HOST if it is set.";
    verification.available(unknown(`Render's API did not answer: ${deadline.reason}`, remedy));
  } else {
    const remedy = `${ASK_AGAIN} Check the network, and RENDER_HOST if it is set.`;
    verification.available(unknown(`Render's API: ${last} And then ${deadline.reason}`, remedy));
  }
  return undefined;
}

/** Looks at the Redis if any check asks for it. */
async function lookAtRedis(
  options: VerifyOptions,
  instance: KeyValue,
  verification: Verification,
): Promise<Look<Observation>> {
  if (options.checks.every(({ about }) => about !== undefined)) {
    const obstacle = { reason: "nobody looked at the Redis itself", remedy: "Run its checks, too." };
    return { vantage: "api-only", passedOver: [], obstacle };
  }
  const seen = await lookWhileItLasts(options, instance, verification);
  verification.looked(seen);
  return seen;
}

/** Looks, and keeps an eye on the instance: connecting to one that was deleted meanwhile would go on to the deadline. */
async function lookWhileItLasts(
  options: VerifyOptions,
  instance: KeyValue,
  verification: Verification,
): Promise<Look<Observation>> {
  const { client, deadline, checks, prove, vantage } = options;
  const experiments = checks
    .filter((check) => isAsked(check, options.expected))
    .flatMap(({ observes }) => (observes === undefined || observes === "core" || observes === "health" ? [] : observes))
    .filter((name) => name !== "proof" || prove !== "no");
  const done = new AbortController();
  const gone = new AbortController();
  const watching = watchInstance(client, instance.id, AbortSignal.any([done.signal, deadline.signal])).catch(
    (error: unknown) => {
      if (!(error instanceof NoInstance)) return;
      const evidence = { expected: "available", actual: error.message, source: "API" };
      verification.available(fail(evidence, error.remedy), instance);
      gone.abort();
    },
  );
  try {
    const signal = AbortSignal.any([gone.signal, deadline.signal]);
    return await look(observation(experiments, queuesOf(options.expected)), instance, vantage, { ...options, signal });
  } catch (error) {
    if (!(error instanceof RenderApiError)) throw error;
    return { vantage: "api-only", passedOver: [], obstacle: { reason: error.message, remedy: ASK_AGAIN } };
  } finally {
    done.abort();
    await watching;
  }
}

/** Looks at the service if any check asks for it, and there is one. */
async function lookAtService(
  options: VerifyOptions,
  instance: KeyValue,
  stack: StackState,
): Promise<ServiceSeen | undefined> {
  const { service, checks, used = {}, client, ownerId } = options;
  if (service === undefined || checks.every(({ about }) => about !== "service")) return undefined;
  try {
    const ids = await Promise.all(
      Object.entries(used).map(async ([key, { expected, id }]) => {
        if (expected === options.expected) return [key, instance.id];
        return [key, id ?? (await findInstance(client, expected, ownerId, stack)).id];
      }),
    );
    return await observeService(service, Object.fromEntries(ids), instance, options);
  } catch (error) {
    if (error instanceof NoInstance) return { obstacle: { reason: error.message, remedy: error.remedy } };
    if (!(error instanceof RenderApiError)) throw error;
    return { obstacle: { reason: error.message, remedy: ASK_AGAIN } };
  }
}

async function lookAtNames(
  { client, checks, service, expected }: VerifyOptions,
  instance: KeyValue,
  stack: StackState,
): Promise<CheckContext["names"]> {
  const asks = (subject: Check["about"]) => checks.some(({ about }) => about === subject);
  const [names, group] = await Promise.all([
    asks("names") ? observeInstanceNames(client, instance, expected.key, stack) : undefined,
    service !== undefined && asks("service") ? observeGroupNames(client, instance, service, stack) : undefined,
  ]);
  return { instance: names, group };
}

function judge(checks: readonly Check[], context: CheckContext, verification: Verification): void {
  for (const check of checks) {
    verification.settle(check, judgedBy(check, context), lookedFor(check, context));
  }
}

/** Milliseconds that looking took for this check alone. Most judge by what was read for all of them. */
function lookedFor({ observes }: Check, { look: seen, service }: CheckContext): number {
  if (observes === undefined) return 0;
  if (observes !== "health") return ("seen" in seen ? seen.seen.tookMs?.[observes] : undefined) ?? 0;
  const health = service !== undefined && "state" in service ? service.state.health : undefined;
  return health !== undefined && "milliseconds" in health ? health.milliseconds : 0;
}

/** A check that breaks must not take the others with it. */
function judgedBy(check: Check, context: CheckContext): Result {
  try {
    return resultOf(check, context);
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return unknown(`the check itself broke (${name})`, "This is a mistake in the check: report it.");
  }
}
