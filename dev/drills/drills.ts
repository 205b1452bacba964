import { failover, switchOff } from "./deployed.ts";
import type { Drill } from "./drill.ts";
import { move } from "./move.ts";
import { redisAway } from "./redis-away.ts";

/** Every drill, by its name. */
export const DRILLS: Readonly<Record<string, Drill>> = {
  outage: redisAway("Redis is killed under load, and comes back", {
    take: (control, id) => control.act("kill", id),
    giveBack: (control, id) => control.act("start", id),
    taken: "Redis is killed",
    killed: true,
  }),
  freeze: redisAway("Redis stops answering under load, and goes on", {
    take: (control, id) => control.act("freeze", id),
    giveBack: (control, id) => control.act("thaw", id),
    taken: "Redis is frozen",
  }),
  full: redisAway("Redis is filled to its limit under load, and emptied again", {
    take: (control, id) => control.act("fill", id),
    giveBack: (control, id) => control.act("drain", id),
    taken: "Redis is full",
  }),
  failover,
  move,
  "switch-off": switchOff,
};
