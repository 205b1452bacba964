import { subjectOf, type VerificationReport } from "../checks/report.ts";
import { outcomeOf } from "../checks/verdict.ts";
import { Verification } from "../checks/verification.ts";
import { verify } from "../checks/verify.ts";
import { type AskedOnce, ownerIdFrom, RenderClient } from "../render/api/client.ts";
import { atMost } from "../runtime/at-most.ts";
import { Deadline } from "../runtime/deadline.ts";
import { type Outcome, Stop } from "../runtime/errors.ts";
import { type Progress, startProgress } from "../runtime/progress.ts";
import type { Program } from "./program.ts";
import { CHECK_FORMATS } from "./report/checks/reports.ts";
import { writeReports } from "./report/write-reports.ts";
import { DAY_SECONDS, type VerifyRequest } from "./verify-options.ts";

/** Milliseconds beyond the deadline that a slow reader of the report gets. */
const READER_MS = 250;
/** Milliseconds by which the client's deadline is later than its environment's, which then names the reason. */
const BEHIND_MS = 600;

/** How many are verified side by side: each has a connection or a job, and asks Render. */
const AT_ONCE = 8;

/** Verifies all that is asked for. How it ended follows from the reports that are written at the end. */
export async function verifyAll(request: VerifyRequest, program: Program): Promise<void> {
  const { targets, reports, deadlineSeconds } = request;
  const longest = Math.max(...targets.map((target) => target.deadlineSeconds));
  const limit = program.limit(deadlineSeconds ?? Math.min(DAY_SECONDS, longest * Math.ceil(targets.length / AT_ONCE)));
  // A key that is missing is told before anything is reported.
  RenderClient.fromEnvironment(process.env);
  const progress = await startProgress(process.stderr);
  const runs = new Runs(request, program, progress);

  program.atEnd((crashed): Outcome => {
    progress.stop();
    const results = runs.reports();
    const outcome = outcomeOf(results);
    try {
      writeReports(CHECK_FORMATS, reports, results, program.secrets, limit.remainingMs + READER_MS);
    } catch (error) {
      process.stderr.write(`${error instanceof Stop ? error.message : "A report could not be written."}\n`);
      return outcome === "good" ? "misused" : outcome;
    }
    // --accept-unknown does not accept what is unknown because the checks are broken.
    return crashed && outcome === "good" ? "unknown" : outcome;
  });

  await runs.run();
}

/** The verification of each target, some side by side. */
export class Runs {
  readonly #runs: readonly Run[];
  readonly #program: Pick<Program, "secrets" | "signal">;
  readonly #progress: Progress;
  readonly #askedOnce: AskedOnce = new Map();

  constructor(
    { targets, strict }: Pick<VerifyRequest, "targets" | "strict">,
    program: Pick<Program, "secrets" | "signal">,
    progress: Progress,
  ) {
    this.#program = program;
    this.#progress = progress;
    this.#runs = targets.map((target) => {
      const { key, service } = target;
      const about = { environment: target.expected.environment, ...(key === undefined ? {} : { key }) };
      const named =
        target.about === "service" && service ? { service: { id: service.serviceId, name: service.name } } : {};
      const verification = () => new Verification({ ...about, ...named }, target.checks, target.acceptUnknown, strict);
      // Its clock starts with its turn. Without one, nothing of it was run.
      return { target, about, verification, begun: undefined };
    });
  }

  /** Of all of them, also while they run. */
  reports(): VerificationReport[] {
    return this.#runs.map(({ verification, begun }) => (begun ?? verification()).report());
  }

  async run(): Promise<void> {
    await atMost(AT_ONCE, this.#runs, (run) => this.#verify(run));
  }

  async #verify(run: Run): Promise<void> {
    const { target, about } = run;
    const { secrets, signal } = this.#program;
    const onProgress = (text: string) => this.#progress.update(subjectOf(about), text);
    const deadline = new Deadline(target.deadlineSeconds);
    const stop = () => deadline.stop(String(signal.reason));
    if (signal.aborted) return;
    signal.addEventListener("abort", stop);
    run.begun = run.verification();
    const client = RenderClient.fromEnvironment(process.env, {
      deadlineMs: deadline.remainingMs + BEHIND_MS,
      signal: deadline.signal,
      onWait: onProgress,
      askedOnce: this.#askedOnce,
    });
    const ownerId = ownerIdFrom(process.env);
    await verify({ ...target, client, ownerId, deadline, secrets, onProgress }, run.begun);
    signal.removeEventListener("abort", stop);
    this.#progress.done(subjectOf(about));
  }
}

interface Run {
  readonly target: VerifyRequest["targets"][number];
  readonly about: Parameters<typeof subjectOf>[0];
  readonly verification: () => Verification;
  begun: Verification | undefined;
}
