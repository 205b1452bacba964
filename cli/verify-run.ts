import { outcomeOf } from "../checks/verdict.ts";
import { Verification } from "../checks/verification.ts";
import { verify } from "../checks/verify.ts";
import { RenderClient } from "../render/api/client.ts";
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

/** Verifies all that is asked for, side by side. How it ended follows from the reports that are written at the end. */
export async function verifyAll({ targets, reports, strict }: VerifyRequest, program: Program): Promise<void> {
  const { secrets, signal } = program;
  const limit = program.limit(Math.max(...targets.map(({ deadlineSeconds }) => deadlineSeconds)));
  const progress = await startProgress(process.stderr);
  const runs = targets.map((target) => {
    const onProgress = (text: string) => progress.update(target.expected.environment, text);
    const deadline = new Deadline(target.deadlineSeconds);
    signal.addEventListener("abort", () => deadline.stop(String(signal.reason)));
    const verification = new Verification(target.expected.environment, target.checks, target.acceptUnknown, strict);
    const client = RenderClient.fromEnvironment(process.env, {
      deadlineMs: deadline.remainingMs + BEHIND_MS,
      signal: deadline.signal,
      onWait: onProgress,
    });
    return { target, deadline, verification, client, onProgress };
  });

  program.atEnd((crashed): Outcome => {
    progress.stop();
    const results = runs.map(({ verification }) => verification.report());
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

  const ownerId = process.env.RENDER_OWNER_ID || undefined;
  await Promise.all(
    runs.map(({ target, deadline, verification, client, onProgress }) => {
      return verify({ ...target, client, ownerId, deadline, secrets, onProgress }, verification);
    }),
  );
}
