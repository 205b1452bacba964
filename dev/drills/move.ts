import { API } from "../../render/api/endpoints.ts";
import { runChild } from "../../runtime/child-process.ts";
import { Stop } from "../../runtime/errors.ts";
import { sleep, until } from "../../runtime/wait.ts";
import { REPOSITORY } from "../rehearsal.ts";
import { type Drill, drill, WARM_UP_MS } from "./drill.ts";
import { createRedis, useRedis } from "./redis.ts";
import type { Stage } from "./stage.ts";

const BACKLOG = 150;
const LAST_LINES = 20;

/** A queue is moved to a smaller instance by a copy that is followed, while the service works. */
export const move: Drill = drill(
  "The data is moved to a smaller instance under load",
  async (stage, { say }) => {
    const old = await createRedis(stage, "drill", "standard");
    const group = await useRedis(stage, old);
    await until(async () => (await stage.health()).mode === "queued", { first: 50 });
    const smaller = await createRedis(stage, "drill-smaller");
    say(`${BACKLOG} messages pile up`);
    await stage.load.burst(BACKLOG);
    await sleep(WARM_UP_MS);
    say("render-redis copy env:FROM env:TO --follow");
    const copied = await copy(stage, old, smaller, (line) => {
      if (!line.startsWith("Stop now")) return;
      say("the producers are stopped");
      void stage.load.stop();
    });
    // What is in a paused queue is in no count of the service.
    const waiting = stage.load.messages.filter(({ id }) => stage.sink.times(id) === 0).length;
    say("the service gets the smaller instance");
    await useRedis(stage, smaller, group);
    await until(async () => (await stage.health()).mode === "queued", { first: 50 });
    await stage.load.burst(10);
    return { notes: [`${copied}; ${waiting} messages waited when the service was switched`] };
  },
  { serviceVariables: { QUEUE_CONCURRENCY: "1" }, providerLatencyMs: 50 },
);

/** @returns what the command says of the result. */
async function copy({ rehearsal }: Stage, from: string, to: string, onLine: (line: string) => void): Promise<string> {
  const url = async (id: string) =>
    (await rehearsal.client.call(API.getConnectionInfo, { id })).externalConnectionString;
  const env = { ...process.env, ...rehearsal.commandVariables, FROM: await url(from), TO: await url(to) };
  const lines: string[] = [];
  const { code } = await runChild("node", ["render-redis.mjs", "copy", "env:FROM", "env:TO", "--follow"], {
    cwd: REPOSITORY,
    env,
    onLine(line) {
      lines.push(line);
      onLine(line);
    },
  });
  const equal = lines.find((line) => line.includes("both sides are equal"));
  if (code === 0 && equal !== undefined) return equal.trim();
  throw new Stop("failed", `the copy ended with ${code}:\n${lines.slice(-LAST_LINES).join("\n")}`);
}
