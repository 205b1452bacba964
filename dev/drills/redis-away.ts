import { API } from "../../render/api/endpoints.ts";
import { internalUrl } from "../../render/internal-url.ts";
import { sleep, until, within } from "../../runtime/wait.ts";
import { rollOut } from "../../steps/roll-out.ts";
import { RENDER_API } from "../emulator/api/endpoints.ts";
import type { LocalControl } from "../emulator/control.ts";
import type { Drill, DrillOptions, DrillResult } from "./drill.ts";
import { Stage } from "./stage.ts";
import { missed, tally } from "./tally.ts";

const WARM_UP_MS = 1_500;
const AFTERWARDS_MS = 3_000;
const SETTLE_MS = 45_000;
const ROLL_OUT_MS = 60_000;

/** A drill in which Redis goes away under load and comes back. */
export function redisAway(title: string, away: Away): Drill {
  return { title, run: (options) => rehearse(away, options) };
}

interface Away {
  readonly take: (control: LocalControl, instanceId: string) => Promise<void>;
  readonly giveBack: (control: LocalControl, instanceId: string) => Promise<void>;
  readonly taken: string;
}

async function rehearse(away: Away, { seconds, say, onStage }: DrillOptions): Promise<DrillResult> {
  const stage = await Stage.open({ say });
  const { control, load } = stage;
  try {
    onStage(stage);
    say("messages come in; there is no Redis yet");
    load.start();
    await sleep(WARM_UP_MS);
    const baseline = [...load.messages];
    const id = await wire(stage);
    await untilQueued(stage);
    say("the backend queues");
    await sleep(WARM_UP_MS);

    await away.take(control, id);
    const from = Date.now();
    say(`${away.taken} for ${seconds} s`);
    await sleep(seconds * 1_000);
    await away.giveBack(control, id);
    const to = Date.now();
    say("Redis is back");
    await sleep(AFTERWARDS_MS);
    await load.stop();
    say("waiting for the last messages");
    await stage.settle(SETTLE_MS);
    const result = tally(load.messages, baseline, { from, to }, (message) => stage.sink.times(message));
    return { ...result, missed: missed(result, true), notes: [] };
  } finally {
    await stage.close();
  }
}

/** Gives the backend a Redis, as a deploy does, without Terraform. */
async function wire({ client, render }: Stage): Promise<string> {
  const { ownerId, backendServiceId: serviceId } = render;
  const settings = { region: "oregon", plan: "starter", maxmemoryPolicy: "noeviction", ipAllowList: [] };
  const { id } = await client.call(RENDER_API.createKeyValue, {}, { name: "drill", ownerId, ...settings });
  await until(async () => (await client.call(API.getKeyValue, { id })).status === "available", { first: 50 });
  const envVars = [
    { key: "REDIS_URL", value: internalUrl(id) },
    { key: "ENABLE_QUEUES", value: "true" },
  ];
  const { id: groupId } = await client.call(
    RENDER_API.createEnvGroup,
    {},
    { name: "drill-env", ownerId, envVars, secretFiles: [] },
  );
  await client.call(RENDER_API.linkService, { id: groupId, serviceId });
  await within(ROLL_OUT_MS, (signal) => rollOut({ client, serviceId, groupId, signal, say: () => {} }));
  return id;
}

async function untilQueued(stage: Stage): Promise<void> {
  await until(async () => (await stage.health()).mode === "queued", { first: 50 });
}
