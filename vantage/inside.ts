import { deflateRawSync } from "node:zlib";
import { z } from "zod";
import { explain, FAILURE_KINDS } from "../redis/explanations.ts";
import { API, type Job, type KeyValue } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { readLogs } from "../render/api/logs.ts";
import { until } from "../runtime/wait.ts";
import { followJob } from "./job.ts";
import { fromLines } from "./lines.ts";
import type { ProbeTask } from "./probe.ts";
import type { Program } from "./program.ts";
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
    const command = commandOf(await program.script(), { instanceId: instance.id, withinMs, task: program.task });
    const created = await client.call(API.createJob, { id: serviceId }, { startCommand: command });
    const job = await followJob(client, created, { signal, onStatus: (status) => onProgress(`the job is ${status}`) });
    if (job === undefined) return { obstacle: TOO_LATE };
    onProgress("reading the job's log");
    const answer = await readAnswer(program, instance, job, options);
    if (answer !== undefined) return "seen" in answer ? answer : { obstacle: noConnection(answer.failure) };
    if (signal.aborted) return { obstacle: TOO_LATE };
    return {
      obstacle: {
        reason: `the job ${job.id} ${job.status} without an answer in its log`,
        remedy:
          "The service's image must have node (18 or newer) on its PATH. See the job's log in Render's dashboard.",
      },
    };
  } catch (error) {
    if (signal.aborted) return { obstacle: TOO_LATE };
    if (!(error instanceof RenderApiError)) throw error;
    const remedy =
      "One-off jobs need a paid service that is not suspended, in the instance's region. Check the service's id.";
    return { obstacle: { reason: `no job inside: ${error.message}`, remedy } };
  }
}

/** The job's command: all of the script, packed. Base64 and single quotes stand in any shell as they are. */
function commandOf(script: string, task: ProbeTask<object>): string {
  const packed = deflateRawSync(script).toString("base64");
  const unpack = `eval(require("zlib").inflateRawSync(Buffer.from("${packed}","base64")).toString())`;
  return `node -e '${unpack}' '${JSON.stringify(task)}'`;
}

function readAnswer<Seen>({ answer }: Program<Seen>, { owner }: KeyValue, job: Job, { client, signal }: LookOptions) {
  const schema = z.union([z.object({ seen: answer }), z.object({ failure: z.enum(FAILURE_KINDS) })]);
  return until(async () => schema.safeParse(fromLines(await readLogs(client, owner.id, job.id))).data, {
    signal,
    withinMs: job.status === "failed" ? LOG_PATIENCE_MS.failed : LOG_PATIENCE_MS.answered,
    ...LOG_POLLS,
  });
}
