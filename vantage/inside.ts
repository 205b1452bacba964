import { z } from "zod";
import { explain, FAILURE_KINDS, type FailureKind } from "../redis/explanations.ts";
import { RedisFailure } from "../redis/failure.ts";
import { API, type Job, type KeyValue } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { readLogs } from "../render/api/logs.ts";
import { until } from "../runtime/wait.ts";
import { decodeExchanged, encodeExchanges } from "./exchange.ts";
import { INTERPRETERS, type Interpreter, nodeScript } from "./interpreters.ts";
import { followJob, inShell, quoted } from "./job.ts";
import { answersIn, nothingIn, unpack } from "./lines.ts";
import type { ProbeTask } from "./probe.ts";
import type { Asking, Program, Script } from "./program.ts";
import { type LookOptions, noConnection, type Obstacle, type Sighting } from "./vantage.ts";

const LOG_POLLS = { first: 500, longest: 5_000 } as const;
/** Milliseconds after its end in which a job's lines reach the log. One that failed has hardly answered. */
const LOG_PATIENCE_MS = { answered: 60_000, failed: 10_000 };
/** Milliseconds that a job needs beside the probe: until it begins, and until its lines are in the log. Half of less. */
const RESERVE_MS = 60_000;

const TOO_LATE: Obstacle = { reason: "the job did not end in time", remedy: explain("STOPPED").remedy };

/** Looks at the Redis from inside Render's private network, as a one-off job of the first service that can. */
export async function lookFromInside<Seen>(
  program: Program<Seen>,
  instance: KeyValue,
  options: LookOptions,
): Promise<Sighting<Seen>> {
  const { serviceId, otherServiceIds = [], signal } = options;
  if (serviceId === undefined) {
    const reason = "no service is known that could run a job inside";
    return { obstacle: { reason, remedy: "Say which: `backend.serviceId`, or TF_VAR_backend_service_id=srv-…." } };
  }
  const sighting = await lookAsJobOf(serviceId, program, instance, options);
  const [next, ...rest] = otherServiceIds.filter((id) => id !== serviceId);
  // Where a connection was tried, another service would see no more.
  if ("seen" in sighting || sighting.obstacle.failure !== undefined || next === undefined || signal.aborted)
    return sighting;
  const other = await lookFromInside(program, instance, { ...options, serviceId: next, otherServiceIds: rest });
  if ("seen" in other || other.obstacle.failure !== undefined) return other;
  const reason = `${serviceId}: ${sighting.obstacle.reason}; ${next}: ${other.obstacle.reason.replace(`${next}: `, "")}`;
  return { obstacle: { reason, remedy: sighting.obstacle.remedy } };
}

async function lookAsJobOf<Seen>(
  serviceId: string,
  program: Program<Seen>,
  instance: KeyValue,
  options: LookOptions,
): Promise<Sighting<Seen>> {
  const { client, deadline, signal, onProgress } = options;
  try {
    onProgress("starting a one-off job");
    const { remainingMs } = deadline;
    const withinMs = Math.max(1_000, Math.round(remainingMs / 2), remainingMs - RESERVE_MS);
    const way =
      "script" in program ? await asScript(program, instance, withinMs) : asDialogue(program, instance, withinMs);
    const command = commandOf(way);
    const created = await client.call(API.createJob, { id: serviceId }, { startCommand: command });
    const job = await followJob(client, created, { signal, onStatus: (status) => onProgress(`the job is ${status}`) });
    if (job === undefined) return { obstacle: TOO_LATE };
    onProgress("reading the job's log");
    const answer = await readAnswer(way, instance, job, options);
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

/** Seconds in which an interpreter must have begun, or it is passed over. */
const TRIAL_SECONDS = 10;
/** Tries an interpreter, and notes why it is of no use. Where there is no `sleep`, one that hangs is waited for. */
const SHELL = [
  "u=;",
  `t(){ if command -v "$1" >/dev/null 2>&1;then "$@" </dev/null >/dev/null 2>&1& p=$!;(sleep ${TRIAL_SECONDS}&&kill -9 $p) >/dev/null 2>&1& w=$!;wait $p;s=$?;kill $w 2>/dev/null;else s=absent;fi;[ $s = 0 ]||{ u="$u $1:$s";false;};};`,
  'r(){ "$@"&&exit 0;u="$u $1:$?";};',
].join("");

/** How a program is run in a job, and what is read of its answer: `undefined` while that is not one. */
interface Way<Seen> {
  readonly interpreters: readonly Interpreter[];
  /** Arguments of each program. */
  readonly rest: readonly string[];
  read(answer: string, by: string): { readonly seen: Seen } | { readonly failure: FailureKind } | undefined;
}

async function asScript<Seen>(program: Script<Seen>, { id }: KeyValue, withinMs: number): Promise<Way<Seen>> {
  const schema = z.union([z.object({ seen: program.answer }), z.object({ failure: z.enum(FAILURE_KINDS) })]);
  const task: ProbeTask<object> = { instanceId: id, withinMs, task: program.task };
  const script = nodeScript(await program.script());
  return {
    interpreters: INTERPRETERS.filter(({ name }) => name === "node").map((one) => ({
      ...one,
      program: ["-e", script],
    })),
    rest: [JSON.stringify(task)],
    read: (answer) => schema.safeParse(unpack(answer)).data,
  };
}

function asDialogue<Seen>(program: Asking<Seen>, instance: KeyValue, withinMs: number): Way<Seen> {
  const { exchanges, read } = program.dialogue(instance);
  return {
    interpreters: INTERPRETERS,
    rest: [instance.id, String(Math.ceil(withinMs / 1_000)), encodeExchanges(exchanges)],
    read(answer, by) {
      const exchanged = decodeExchanged(answer, exchanges);
      if (exchanged === undefined) return undefined;
      try {
        return { seen: read(exchanged, by) };
      } catch (error) {
        return { failure: RedisFailure.fromSocket(error).kind };
      }
    },
  };
}

/** The job's command: the first interpreter that the image has looks; where it breaks, the next one. */
function commandOf({ interpreters, rest }: Way<unknown>): string {
  const attempts = interpreters.map(({ name, trial, program }) => {
    const [tried, run] = [trial, program].map((words) => words.map(quoted).join(" "));
    return `t ${name} ${tried}&&r ${name} ${run} "$@";`;
  });
  return inShell(
    `set -- ${rest.map(quoted).join(" ")};${SHELL}${attempts.join("")}echo render-redis-check none$u;exit 1`,
  );
}

function readAnswer<Seen>(
  { interpreters, read }: Way<Seen>,
  { owner }: KeyValue,
  job: Job,
  { client, signal }: LookOptions,
): Promise<Sighting<Seen> | undefined> {
  return until(
    async (): Promise<Sighting<Seen> | undefined> => {
      const lines = await readLogs(client, owner.id, job.id);
      for (const [by, text] of answersIn(lines)) {
        const answer = read(text, by);
        if (answer !== undefined) return "seen" in answer ? answer : { obstacle: noConnection(answer.failure) };
      }
      const nothing = nothingIn(lines);
      return nothing && { obstacle: nothingLooked(nothing, interpreters) };
    },
    {
      signal,
      withinMs: job.status === "failed" ? LOG_PATIENCE_MS.failed : LOG_PATIENCE_MS.answered,
      ...LOG_POLLS,
    },
  );
}

/** The image has a shell, and nothing else that could look. */
function nothingLooked(ends: ReadonlyMap<string, string>, interpreters: readonly Interpreter[]): Obstacle {
  const there = [...ends].filter(([, end]) => end !== "absent").map(([name, end]) => `${name} ended with ${end}`);
  const absent = [...ends].filter(([, end]) => end === "absent").map(([name]) => name);
  const found = [...there, ...(absent.length === 0 ? [] : [`no ${absent.join(", ")}`])].join("; ");
  const remedy = interpreters.length > 1 ? OTHER_WAYS : `It needs node 18 or newer. ${OTHER_WAYS}`;
  return { reason: `the service's image has a shell, but nothing in it could look: ${found}`, remedy };
}

function noAnswer({ id, status }: Job): Obstacle {
  const reason = `the job ${id} ${status} without an answer in its log`;
  if (status !== "failed") return { reason, remedy: `See its log in Render's dashboard. ${OTHER_WAYS}` };
  return { reason: `${reason}, as where the service's image has no shell`, remedy: OTHER_WAYS };
}
