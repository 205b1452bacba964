import type { Redis } from "ioredis";
import { z } from "zod";
import { parseEvictionPolicy, redisSpelling } from "../../../render/spellings.ts";
import { drain, fill } from "../machine/filler.ts";
import { conflict, invalid, readSetting } from "../state/refusal.ts";
import type { FaultChanges } from "./faults.ts";
import type { KeyValues } from "./key-values.ts";

/** What a command is told besides its name. The schema reads it from the command line. */
interface Argument<T> {
  readonly usage: string;
  readonly schema: z.ZodType<T, string>;
}

const number: Argument<number> = {
  usage: "<milliseconds>",
  schema: z.string().regex(/^\d+$/, "It must be a whole number").transform(Number),
};
const times: Argument<number> = { ...number, usage: "<times>" };
const onOff: Argument<boolean> = {
  usage: "<on|off>",
  schema: z.enum(["on", "off"], 'It must be "on" or "off"').transform((text) => text === "on"),
};
const ends = ["build_failed", "update_failed", "pre_deploy_failed", "canceled"] as const;
const end: Argument<(typeof ends)[number] | null> = {
  usage: `<${ends.join("|")}|off>`,
  schema: z
    .enum([...ends, "off"], `It must be one of ${ends.join(", ")}, off`)
    .transform((text) => (text === "off" ? null : text)),
};
const overlap: Argument<"override" | "wait"> = {
  usage: "<override|wait>",
  schema: z.enum(["override", "wait"], 'It must be "override" or "wait"'),
};

/** Which calls a fault strikes. */
export type Calls = Pick<NonNullable<FaultChanges["garbage"]>, "after" | "method" | "path">;

function setting<T>(title: string, argument: Argument<T>, changes: (value: T) => FaultChanges) {
  const { usage, schema } = argument;
  return { kind: "setting", title, usage, changes: (text: string) => changes(schema.parse(text)), schema } as const;
}

/** A fault that strikes some calls. */
function onCalls(title: string, name: "tooManyRequests" | "serverError" | "garbage" | "brokenConnection") {
  const changes = (text: string, calls: Calls): FaultChanges => ({
    [name]: { times: times.schema.parse(text), ...calls },
  });
  return { kind: "calls", title, usage: times.usage, changes, schema: times.schema } as const;
}

type Act = (keyValues: KeyValues, id: string, argument: string) => Promise<unknown> | unknown;

function act(title: string, run: Act, usage = "") {
  return { kind: "act", title, usage, run } as const;
}

/**
 * All that can be made to go wrong, or be done, as no caller of Render's API can. The command line, the routes under `/local`
 * and the control client derive from this table.
 */
export const STEERING = {
  latency: setting("answer every call this much later", number, (latencyMs) => ({ latencyMs })),
  stuck: setting("keep new and restarting instances from becoming available", onOff, (stuckCreating) => ({
    stuckCreating,
  })),
  deploy: setting("make deploys end with this status", end, (deployFailure) => ({ deployFailure })),
  "overlapping-deploys": setting(
    "let a new deploy cancel the one in progress, or wait",
    overlap,
    (overlappingDeploys) => ({ overlappingDeploys }),
  ),
  "deploy-accepted": setting(
    "answer a new deploy with 202 and no body, and list it later",
    onOff,
    (deployAccepted) => ({
      deployAccepted,
    }),
  ),
  "new-plan-names": setting("show plans under their names of August 2026", onOff, (newPlanNames) => ({ newPlanNames })),
  "too-many-requests": onCalls("answer calls with 429", "tooManyRequests"),
  "server-error": onCalls("answer calls with 500", "serverError"),
  garbage: onCalls("answer calls with something that is not JSON", "garbage"),
  "broken-connection": onCalls("break the connection after calls took effect", "brokenConnection"),
  kill: act("kill an instance's server and keep it down", (all, id) => all.running(id).kill()),
  start: act("start the server of a killed instance", (all, id) => all.running(id).release()),
  freeze: act("suspend an instance's server (SIGSTOP)", (all, id) => all.running(id).freeze()),
  thaw: act("resume a suspended server", (all, id) => all.running(id).thaw()),
  fill: act("fill an instance to its memory limit", async (all, id) => {
    // What a connection needs for itself is free again when it ends: full is what is full for a new one.
    while (!(await onServer(all, id, fill)));
  }),
  drain: act("remove what filled it", (all, id) => onServer(all, id, drain)),
  policy: act(
    "change the running server's eviction policy behind the API's back",
    (all, id, text) => {
      const policy = redisSpelling(readSetting("policy", () => parseEvictionPolicy(text)));
      return onServer(all, id, (redis) => redis.config("SET", "maxmemory-policy", policy));
    },
    "<policy>",
  ),
  "internal-authentication": act(
    "the dashboard's switch: ask for a password inside, too. It restarts the instance",
    (all, id, text) => {
      const enabled = onOff.schema.safeParse(text);
      if (!enabled.success) throw invalid(`${enabled.error.issues[0]?.message}, got: "${text}".`);
      all.setInternalAuthentication(id, enabled.data);
    },
    onOff.usage,
  ),
} as const;

/** The names of what is done to one instance at once. */
export type ActName = {
  [Name in keyof typeof STEERING]: (typeof STEERING)[Name]["kind"] extends "act" ? Name : never;
}[keyof typeof STEERING];

async function onServer<T>(keyValues: KeyValues, id: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const instance = keyValues.running(id);
  try {
    return await instance.admin(use);
  } catch {
    // The client's own error holds the password of the platform's user.
    throw conflict(`${id} has no server that answers. Start or thaw it first.`);
  }
}

/** Whether a command of the table is done to one instance at once. */
export function isAct(name: string): name is ActName {
  return Object.entries(STEERING).some(([known, { kind }]) => known === name && kind === "act");
}
