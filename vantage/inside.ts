import { deflateRawSync } from "node:zlib";
import { z } from "zod";
import { explain, FAILURE_KINDS } from "../redis/explanations.ts";
import { RedisFailure } from "../redis/failure.ts";
import { API, type Job, type KeyValue } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { readLogs } from "../render/api/logs.ts";
import { until } from "../runtime/wait.ts";
import { decodeExchanged, encodeExchanges } from "./exchange.ts";
import { INTERPRETERS } from "./interpreters.ts";
import { followJob, inShell, quoted } from "./job.ts";
import { answersIn, nothingIn, unpack } from "./lines.ts";
import type { ProbeTask } from "./probe.ts";
import type { Dialogue, Program } from "./program.ts";
import { type LookOptions, noConnection, type Obstacle, type Sighting } from "./vantage.ts";

const LOG_POLLS = { first: 500, longest: 5_000 } as const;
/** Milliseconds after its end in which a job's lines reach the log. One that failed has hardly answered. */
const LOG_PATIENCE_MS = { answered: 60_000, failed: 10_000 };
/** Milliseconds that a job needs beside the probe: until it begins, and until its lines are in the log. Half of less. */
const RESERVE_MS = 60_000;

const TOO_LATE: Obstacle = { reason: "the job did not end in time", remedy: explain("STOPPED").remedy };

/** Looks at the Redis from inside Render's private network, as a one-off job of a service. */
export async function lookFromInside<Seen>(
  program: Program<Seen>,
  instance: KeyValue,
  options: LookOptions,
): Promise<Sighting<Seen>> {
  const { client, serviceId, deadline, signal, onProgress } = options;
  if (serviceId === undefined) {
    const reason = "no service is known that could run a job inside";
    return { obstacle: { reason, remedy: "Say which: `backend.serviceId`, or TF_VAR_backend_service_id=srv-…." } };
  }
  try {
    onProgress("starting a one-off job");
    const { remainingMs } = deadline;
    const withinMs = Math.max(1_000, Math.round(remainingMs / 2), remainingMs - RESERVE_MS);
    const dialogue = program.dialogue?.(instance);
    const task: ProbeTask<object> = { instanceId: instance.id, withinMs, task: program.task };
    const command = commandOf(await program.script(), task, dialogue);
    const created = await client.call(API.createJob, { id: serviceId }, { startCommand: command });
    const job = await followJob(client, created, { signal, onStatus: (status) => onProgress(`the job is ${status}`) });
    if (job === undefined) return { obstacle: TOO_LATE };
    onProgress("reading the job's log");
    const answer = await readAnswer(program, dialogue, instance, job, options);
    if (answer !== undefined) return answer;
    return { obstacle: signal.aborted ? TOO_LATE : noAnswer(job) };
  } catch (error) {
    if (signal.aborted) return { obstacle: TOO_LATE };
    if (!(error instanceof RenderApiError)) throw error;
    const remedy =
      "One-off jobs need a paid service that is not suspended, in the instance's region. Check the service's id.";
    return { obstacle: { reason: `no job inside: ${error.message}`, remedy } };
  }
}

/** What to do where nothing in a job's image can look. */
export const OTHER_WAYS =
  "Add this machine's address to `redis.ipAllowList`, to look from outside; or set `checks.acceptUnknown`, and it is not proven.";

/** Ends well where Node is 18 or newer. */
const NODE_TRIAL = ["-e", 'process.exit(+(process.versions.node.split(".")[0]<18))'];
/** Seconds in which an interpreter must have begun, or it is passed over. */
const TRIAL_SECONDS = 10;
/** Tries an interpreter, and notes why it is of no use. Where there is no `sleep`, one that hangs is waited for. */
const SHELL = [
  "u=;",
  `t(){ if command -v "$1" >/dev/null 2>&1;then "$@" </dev/null >/dev/null 2>&1& p=$!;(sleep ${TRIAL_SECONDS}&&kill -9 $p) >/dev/null 2>&1& w=$!;wait $p;s=$?;kill $w 2>/dev/null;else s=absent;fi;[ $s = 0 ]||{ u="$u $1:$s";false;};};`,
  'r(){ "$@"&&exit 0;u="$u $1:$?";};',
].join("");

/** The job's command: the first interpreter that the image has looks; where it breaks, the next one. */
function commandOf(script: string, task: ProbeTask<object>, dialogue: Dialogue<unknown> | undefined): string {
  const packed = deflateRawSync(script).toString("base64");
  const unpacking = `eval(require("zlib").inflateRawSync(Buffer.from("${packed}","base64")).toString())`;
  const attempt = (name: string, trial: readonly string[], program: readonly string[], rest: string) =>
    `t ${name} ${trial.map(quoted).join(" ")}&&r ${name} ${program.map(quoted).join(" ")} ${rest};`;
  const node = attempt("node", NODE_TRIAL, ["-e", unpacking], quoted(JSON.stringify(task)));
  if (dialogue === undefined) return inShell(`${SHELL}${node}echo render-redis-check none$u;exit 1`);
  const seconds = Math.ceil(task.withinMs / 1_000);
  const others = INTERPRETERS.map(({ name, trial, program }) =>
    attempt(name, trial, program, `${task.instanceId} ${seconds} "$x"`),
  );
  const exchanges = quoted(encodeExchanges(dialogue.exchanges));
  return inShell(`x=${exchanges};${SHELL}${node}${others.join("")}echo render-redis-check none$u;exit 1`);
}

async function readAnswer<Seen>(
  { answer }: Program<Seen>,
  dialogue: Dialogue<Seen> | undefined,
  { owner }: KeyValue,
  job: Job,
  { client, signal }: LookOptions,
): Promise<Sighting<Seen> | undefined> {
  const schema = z.union([z.object({ seen: answer }), z.object({ failure: z.enum(FAILURE_KINDS) })]);
  return until(
    async (): Promise<Sighting<Seen> | undefined> => {
      const lines = await readLogs(client, owner.id, job.id);
      const nothing = nothingIn(lines);
      if (nothing !== undefined) return { obstacle: nothingLooked(nothing, dialogue !== undefined) };
      for (const [by, text] of answersIn(lines)) {
        const seen = by === "node" ? schema.safeParse(unpack(text)).data : readDialogue(dialogue, text, by);
        if (seen !== undefined) return "seen" in seen ? seen : { obstacle: noConnection(seen.failure) };
      }
      return undefined;
    },
    {
      signal,
      withinMs: job.status === "failed" ? LOG_PATIENCE_MS.failed : LOG_PATIENCE_MS.answered,
      ...LOG_POLLS,
    },
  );
}

function readDialogue<Seen>(dialogue: Dialogue<Seen> | undefined, text: string, by: string) {
  const exchanged = dialogue && decodeExchanged(text, dialogue.exchanges);
  if (dialogue === undefined || exchanged === undefined) return undefined;
  try {
    return { seen: dialogue.read(exchanged, by) };
  } catch (error) {
    return { failure: RedisFailure.fromSocket(error).kind };
  }
}

/** The image has a shell, and nothing else that could look. */
function nothingLooked(ends: ReadonlyMap<string, string>, anyLanguage: boolean): Obstacle {
  const there = [...ends].filter(([, end]) => end !== "absent").map(([name, end]) => `${name} ended with ${end}`);
  const absent = [...ends].filter(([, end]) => end === "absent").map(([name]) => name);
  const found = [...there, ...(absent.length === 0 ? [] : [`no ${absent.join(", ")}`])].join("; ");
  const remedy = anyLanguage ? OTHER_WAYS : `It needs node 18 or newer. ${OTHER_WAYS}`;
  return { reason: `the service's image has a shell, but nothing in it could look: ${found}`, remedy };
}

function noAnswer({ id, status }: Job): Obstacle {
  const reason = `the job ${id} ${status} without an answer in its log`;
  if (status !== "failed") return { reason, remedy: `See its log in Render's dashboard. ${OTHER_WAYS}` };
  return { reason: `${reason}, as where the service's image has no shell`, remedy: OTHER_WAYS };
}
