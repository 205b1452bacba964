import { subjectOf } from "../checks/report.ts";
import { outcomeOf } from "../checks/verdict.ts";
import { Verification } from "../checks/verification.ts";
import { verify } from "../checks/verify.ts";
import { type AskedOnce, RenderClient } from "../render/api/client.ts";
import { Deadline } from "../runtime/deadline.ts";
import { type Outcome, Stop } from "../runtime/errors.ts";
import { startProgress } from "../runtime/progress.ts";
import type { Program } from "./program.ts";
import { CHECK_FORMATS } from "./report/checks/reports.ts";
import { writeReports } from "./report/write-reports.ts";
import type { VerifyRequest } from "./verify-options.ts";

/** Milliseconds beyond the deadline that a slow reader of the report gets. */
const READER_MS = 250;
/** Milliseconds by which the client's deadline is later than its environment's, which then names the reason. */
const BEHIND_MS = 600;
const DAY_SECONDS = 86_400;

/** How many are verified side by side: each has a connection or a job, and asks Render. */
const AT_ONCE = 8;

/** Verifies all that is asked for, some side by side. How it ended follows from the reports that are written at the end. */
export async function verifyAll(
  { targets, reports, strict, deadlineSeconds }: VerifyRequest,
  program: Program,
): Promise<void> {
  const { secrets, signal } = program;
  const longest = Math.max(...targets.map((target) => target.deadlineSeconds));
  const limit = program.limit(deadlineSeconds ?? Math.min(DAY_SECONDS, longest * Math.ceil(targets.length / AT_ONCE)));
  const askedOnce: AskedOnce = new Map();
  // A key that is missing is told before anything is reported.
  RenderClient.fromEnvironment(process.env);
  const progress = await startProgress(process.stderr);
  const ownerId = process.env.RENDER_OWNER_ID || undefined;
  const runs = targets.map((target) => {
    const { key, service } = target;
    const about = { environment: target.expected.environment, ...(key === undefined ? {} : { key }) };
    const named =
      target.about === "service" && service ? { service: { id: service.serviceId, name: service.name } } : {};
    const verification = () => new Verification({ ...about, ...named }, target.checks, target.acceptUnknown, strict);
    // Its clock starts with its turn. Without one, nothing of it was run.
    return { target, about, verification, begun: undefined as Verification | undefined };
  });

  program.atEnd((crashed): Outcome => {
    progress.stop();
    const results = runs.map(({ verification, begun }) => (begun ?? verification()).report());
    const outcome = outcomeOf(results);
    try {
      writeReports(CHECK_FORMATS, reports, results, secrets, limit.remainingMs + READER_MS);
    } catch (error) {
      process.stderr.write(`${error instanceof Stop ? error.message : "A report could not be written."}\n`);
      return outcome === "good" ? "misused" : outcome;
    }
    // --accept-unknown does not accept what is unknown because the checks are broken.
    return crashed && outcome === "good" ? "unknown" : outcome;
  });

  await sideBySide(runs, AT_ONCE, async (run) => {
    const { target, about } = run;
    const onProgress = (text: string) => progress.update(subjectOf(about), text);
    const deadline = new Deadline(target.deadlineSeconds);
    const stop = () => deadline.stop(String(signal.reason));
    if (signal.aborted) return;
    signal.addEventListener("abort", stop);
    run.begun = run.verification();
    const client = RenderClient.fromEnvironment(process.env, {
      deadlineMs: deadline.remainingMs + BEHIND_MS,
      signal: deadline.signal,
      onWait: onProgress,
      askedOnce,
    });
    await verify({ ...target, client, ownerId, deadline, secrets, onProgress }, run.begun);
    signal.removeEventListener("abort", stop);
    progress.done(subjectOf(about));
  });
}

/** Does all the work, so many at a time, in their order. */
async function sideBySide<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
