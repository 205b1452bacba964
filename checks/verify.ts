import { RenderApiError } from "../render/api/error.ts";
import type { KeyValue } from "../render/api/key-value.ts";
import type { BackendDescription } from "../render/backend-description.ts";
import type { Live } from "../vantage/live.ts";
import { type LookOptions, look } from "../vantage/look.ts";
import { type BackendSeen, observeBackend } from "./backend/observe-backend.ts";
import type { Check, CheckContext } from "./check.ts";
import {
  findInstance,
  InstanceAmbiguous,
  InstanceMissing,
  waitUntilAvailable,
  watchInstance,
} from "./find-instance.ts";
import { type Finding, fail, pass, unknown } from "./finding.ts";
import type { Verification } from "./verification.ts";

/** What is verified and how. */
export interface VerifyOptions
  extends Omit<LookOptions, "signal" | "experiments">,
    Omit<CheckContext, "instance" | "live" | "backend"> {
  /** The instance's id; without it the instance is found by name and region. */
  readonly instanceId?: string | undefined;
  readonly ownerId: string | undefined;
  readonly backend?: BackendDescription | undefined;
  readonly checks: readonly Check[];
}

/** Verifies one environment: waits until it is ready, looks, then lets every check judge. Never throws. */
export async function verify(options: VerifyOptions, verification: Verification): Promise<void> {
  try {
    const instance = await awaitInstance(options, verification);
    if (instance === undefined) return;
    const [live, backend] = await Promise.all([
      lookAtRedis(options, instance, verification),
      lookAtBackend(options, instance),
    ]);
    await judge(options.checks, { ...options, instance, live, backend }, verification);
  } finally {
    verification.finish();
  }
}

/** Looks at the Redis if any check asks for it. */
async function lookAtRedis(options: VerifyOptions, instance: KeyValue, verification: Verification): Promise<Live> {
  if (options.checks.every(({ about }) => about === "backend")) {
    const obstacle = { reason: "nobody looked at the Redis itself", remedy: "Run its checks, too." };
    return { vantage: "api-only", passedOver: [], obstacle };
  }
  const live = await lookWhileItLasts(options, instance, verification);
  verification.looked(live);
  return live;
}

/** Looks at the backend if any check asks for it, and there is one. */
async function lookAtBackend(options: VerifyOptions, instance: KeyValue): Promise<BackendSeen | undefined> {
  const { backend, checks } = options;
  if (backend === undefined || checks.every(({ about }) => about !== "backend")) return undefined;
  return observeBackend(backend, { ...options, instanceId: instance.id });
}

async function awaitInstance(options: VerifyOptions, verification: Verification): Promise<KeyValue | undefined> {
  const { client, deadline, expected, onProgress } = options;
  const source = "API";
  let status = "not answered";
  try {
    onProgress("asking Render's API");
    const id = options.instanceId ?? (await findInstance(client, expected, options.ownerId)).id;
    const instance = await waitUntilAvailable(client, id, deadline.signal, (seen) => {
      status = seen;
      onProgress(`the instance is ${seen}`);
    });
    verification.available(pass({ expected: "available", actual: instance.status, source }), instance);
    return instance;
  } catch (error) {
    if (error instanceof InstanceAmbiguous) verification.misconfigured(error.message, error.remedy);
    else if (error instanceof InstanceMissing) {
      verification.available(fail({ expected: "available", actual: error.message, source }, error.remedy));
    } else if (deadline.signal.aborted) {
      verification.available(
        status === "not answered"
          ? unknown(
              `Render's API did not answer: ${deadline.reason}`,
              "Check the network, and RENDER_HOST if it is set.",
            )
          : fail(
              { expected: "available", actual: `${status} (${deadline.reason})`, source },
              "See the instance's events in Render's dashboard; allow more time with --deadline.",
            ),
      );
    } else if (error instanceof RenderApiError) judgeApiError(error, verification);
    else throw error;
    return undefined;
  }
}

function judgeApiError(error: RenderApiError, verification: Verification): void {
  if (error.status === 401 || error.status === 403) {
    verification.misconfigured(error.message, "Check RENDER_API_KEY and RENDER_OWNER_ID.");
  } else if (error.status === 404) {
    verification.available(
      fail({ expected: "available", actual: "there is no such instance", source: "API" }, "Deploy it again."),
    );
  } else {
    verification.available(unknown(error.message, "Run the checks again; see https://status.render.com."));
  }
}

/** Looks, and keeps an eye on the instance: connecting to one that was deleted meanwhile would go on to the deadline. */
async function lookWhileItLasts(options: VerifyOptions, instance: KeyValue, verification: Verification): Promise<Live> {
  const { client, deadline } = options;
  const experiments = options.checks.flatMap(({ observes }) => {
    return observes === undefined || (observes === "proof" && !options.prove) ? [] : [observes];
  });
  const done = new AbortController();
  const gone = new AbortController();
  const watching = watchInstance(client, instance.id, AbortSignal.any([done.signal, deadline.signal])).catch(
    (error: unknown) => {
      if (!(error instanceof InstanceMissing)) return;
      verification.available(
        fail({ expected: "available", actual: error.message, source: "API" }, error.remedy),
        instance,
      );
      gone.abort();
    },
  );
  try {
    return await look({ ...options, experiments, signal: AbortSignal.any([gone.signal, deadline.signal]) }, instance);
  } catch (error) {
    if (!(error instanceof RenderApiError)) throw error;
    const remedy = "Run the checks again; see https://status.render.com.";
    return { vantage: "api-only", passedOver: [], obstacle: { reason: error.message, remedy } };
  } finally {
    done.abort();
    await watching;
  }
}

async function judge(checks: readonly Check[], context: CheckContext, verification: Verification): Promise<void> {
  await Promise.all(
    checks.map(async (check) => {
      const started = performance.now();
      const finding = await findingOf(check, context);
      verification.settle(check, finding, performance.now() - started);
    }),
  );
}

/** A check that breaks must not take the others with it. */
async function findingOf(check: Check, context: CheckContext): Promise<Finding> {
  try {
    const applies = check.applies(context);
    return applies === true ? await check.run(context) : { status: "skip", reason: applies };
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return unknown(`the check itself broke (${name})`, "This is a mistake in the check: report it.");
  }
}
