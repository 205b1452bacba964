import { API, type KeyValue } from "../../render/api/endpoints.ts";
import { Stop } from "../../runtime/errors.ts";
import { sleep, until } from "../../runtime/wait.ts";
import { Deployment, ENVIRONMENT } from "./deployment.ts";
import type { Drill, DrillOptions, DrillResult } from "./drill.ts";
import { Stage, type StageOptions } from "./stage.ts";
import { missed, tally } from "./tally.ts";

const WARM_UP_MS = 1_500;
const SETTLE_MS = 60_000;
/** A queue that is worked off slowly, so that much of it still waits when the backend is switched. */
const SLOW: Pick<StageOptions, "backendVariables" | "providerLatencyMs"> = {
  backendVariables: { QUEUE_CONCURRENCY: "1" },
  providerLatencyMs: 50,
};
const BACKLOG = 200;

/** What an operator does while messages come in. Gives notes on it, a line each. */
type Act = (stage: Stage, deployment: Deployment, say: (line: string) => void) => Promise<readonly string[]>;

/** The instance is replaced: the new one proven, the backend switched, the old one emptied, and only then destroyed. */
export const failover: Drill = {
  title: "The instance is replaced under load",
  run: (options) =>
    rehearse(options, SLOW, async (stage, deployment, say) => {
      const before = await onlyInstance(stage);
      say(`${BACKLOG} messages pile up`);
      await stage.load.burst(BACKLOG);
      say("terraform apply -replace=render_keyvalue.redis");
      const backlog = await waitingWhenSwitched(
        stage,
        deployment.apply(ENVIRONMENT, ["-replace=render_keyvalue.redis"]),
      );
      const after = await onlyInstance(stage);
      if (after.id === before.id) throw new Stop("failed", "the instance was not replaced");
      return [
        `${before.id} was replaced by ${after.id}; ${backlog} messages waited in the old one when the new one was made`,
      ];
    }),
};

/** The queue is switched off and on again through the environment file. */
export const switchOff: Drill = {
  title: "The queue is switched off under load by ENABLE_QUEUES, and on again",
  run: (options) =>
    rehearse(options, {}, async (stage, deployment, say) => {
      say("ENABLE_QUEUES=false: one apply");
      await deployment.apply({ ...ENVIRONMENT, backend: { ...ENVIRONMENT.backend, env: { ENABLE_QUEUES: "false" } } });
      const off = (await stage.health()).mode;
      await sleep(WARM_UP_MS);
      say("ENABLE_QUEUES=true: one apply");
      await deployment.apply(ENVIRONMENT);
      const on = (await stage.health()).mode;
      if (off !== "synchronous" || on !== "queued")
        throw new Stop("failed", `the backend was ${off} while off, ${on} while on`);
      return ["off: synchronous; on again: queued"];
    }),
};

async function rehearse(
  { say, onStage }: DrillOptions,
  options: Partial<StageOptions>,
  act: Act,
): Promise<DrillResult> {
  const stage = await Stage.open({ ...options, say });
  const { load } = stage;
  let deployment: Deployment | undefined;
  try {
    onStage(stage);
    deployment = await Deployment.open(stage.render);
    say("messages come in; there is no Redis yet");
    load.start();
    await sleep(WARM_UP_MS);
    const baseline = [...load.messages];
    say("terraform apply");
    await deployment.apply(ENVIRONMENT);
    await sleep(WARM_UP_MS);
    const notes = await act(stage, deployment, say);
    await sleep(WARM_UP_MS);
    await load.stop();
    say("waiting for the last messages");
    await stage.settle(SETTLE_MS);
    const result = tally(load.messages, baseline, undefined, (message) => stage.sink.times(message));
    return { ...result, missed: missed(result, false), notes };
  } finally {
    await deployment?.close();
    await stage.close();
  }
}

async function onlyInstance(stage: Stage): Promise<KeyValue> {
  const [instance, ...others] = await stage.client.list(API.listKeyValues, {});
  if (instance === undefined || others.length > 0)
    throw new Stop("failed", `there are ${others.length + 1} instances, not one`);
  return instance;
}

/** How many messages wait at the moment when there are two instances; then waits for the apply to end. */
async function waitingWhenSwitched(stage: Stage, applying: Promise<void>): Promise<number> {
  let pending: number | undefined;
  let over = false;
  const end = applying.finally(() => {
    over = true;
  });
  end.catch(() => {});
  const look = async () => {
    if ((await stage.client.list(API.listKeyValues, {})).length > 1) pending = (await stage.health()).pending;
    return over || pending !== undefined;
  };
  await until(look, { first: 100 });
  await end;
  return pending ?? 0;
}
