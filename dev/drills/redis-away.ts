import { API } from "../../render/api/endpoints.ts";
import { internalUrl } from "../../render/internal-url.ts";
import { sleep, until, within } from "../../runtime/wait.ts";
import { rollOut } from "../../steps/roll-out.ts";
import { RENDER_API } from "../emulator/api/endpoints.ts";
import type { EmulatorControl } from "../emulator/control.ts";
import { type Drill, drill, WARM_UP_MS } from "./drill.ts";
import type { Stage } from "./stage.ts";

const AFTERWARDS_MS = 3_000;
const ROLL_OUT_MS = 300_000;

interface Away {
  readonly take: (control: EmulatorControl, instanceId: string) => Promise<void>;
  readonly giveBack: (control: EmulatorControl, instanceId: string) => Promise<void>;
  readonly taken: string;
  /** Whether it loses what it had not written. */
  readonly killed?: boolean;
}

/** A drill in which Redis goes away under load and comes back. */
export function redisAway(title: string, { take, giveBack, taken, killed = false }: Away): Drill {
  return drill(title, async (stage, { seconds, say }) => {
    const { control } = stage.rehearsal;
    const id = await giveRedis(stage);
    await until(async () => (await stage.health()).mode === "queued", { first: 50 });
    say("the service queues");
    await sleep(WARM_UP_MS);

    await take(control, id);
    const from = Date.now();
    say(`${taken} for ${seconds} s`);
    await sleep(seconds * 1_000);
    await giveBack(control, id);
    const to = Date.now();
    say("Redis is back");
    await sleep(AFTERWARDS_MS);
    return { outage: { from, to, killed } };
  });
}

/** Gives the service a Redis, as a deploy does, without Terraform. */
async function giveRedis({ rehearsal }: Stage): Promise<string> {
  const { client, render } = rehearsal;
  const { ownerId, backendServiceId: serviceId } = render;
  const settings = { region: "oregon", plan: "starter", maxmemoryPolicy: "noeviction", ipAllowList: [] };
  const { id } = await client.call(RENDER_API.createKeyValue, {}, { name: "drill", ownerId, ...settings });
  await until(async () => (await client.call(API.getKeyValue, { id })).status === "available", { first: 50 });
  const envVars = [
    { key: "REDIS_URL", value: internalUrl(id) },
    { key: "ENABLE_QUEUES", value: "true" },
  ];
  const group = { name: "drill-env", ownerId, envVars, secretFiles: [] };
  const { id: groupId } = await client.call(RENDER_API.createEnvGroup, {}, group);
  await client.call(RENDER_API.linkService, { id: groupId, serviceId });
  await within(ROLL_OUT_MS, (signal) => rollOut({ client, serviceId, signal, say: () => {} }));
  return id;
}
