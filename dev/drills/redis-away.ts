import { sleep, until } from "../../runtime/wait.ts";
import type { EmulatorControl } from "../emulator/control.ts";
import { type Drill, drill, WARM_UP_MS } from "./drill.ts";
import { createRedis, useRedis } from "./redis.ts";
import type { Stage } from "./stage.ts";

const AFTERWARDS_MS = 3_000;

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
async function giveRedis(stage: Stage): Promise<string> {
  const id = await createRedis(stage, "drill");
  await useRedis(stage, id);
  return id;
}
