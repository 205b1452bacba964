import { exitCodeOf } from "../checks/verdict.ts";
import { Verification } from "../checks/verification.ts";
import { verify } from "../checks/verify.ts";
import { RenderClient } from "../render/api/client.ts";
import { Deadline } from "../runtime/deadline.ts";
import { EXIT_CODES, Stop } from "../runtime/errors.ts";
import { startProgress } from "../runtime/progress.ts";
import { Secrets } from "../runtime/secrets.ts";
import { writeReports } from "./report/checks/write-reports.ts";
import { readCommandLine, USAGE, type VerifyRequest } from "./verify-options.ts";

/** Of the second that a run may take beyond its deadline: what the checks get to end, and what a slow reader gets. */
const GRACE_MS = 600;
const READER_MS = 250;

const secrets = new Secrets();
secrets.add(process.env.RENDER_API_KEY);

/** Names an unexpected error and where it arose. Its message stays here: libraries put what they were given into it. */
function describeCrash(error: unknown): string {
  const name = error instanceof Error ? error.name : typeof error;
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  return secrets.mask(
    `The checks crashed (${name}). This is a mistake in the checks.\n${frames.slice(0, 5).join("\n")}\n`,
  );
}

async function main(): Promise<void> {
  const request = await readCommandLine(process.argv.slice(2), process.env);
  if (request === undefined) process.stdout.write(USAGE);
  else await run(request);
}

async function run({ targets, reports }: VerifyRequest): Promise<void> {
  const runs = targets.map((target) => {
    const deadline = new Deadline(target.deadlineSeconds);
    const verification = new Verification(target.expected.environment, target.checks, target.acceptUnknown);
    return { target, deadline, client: connectToRender(deadline), verification };
  });
  const progress = await startProgress(process.stderr);

  let finished = false;
  const finish = (crashed = false) => {
    if (finished) return;
    finished = true;
    progress.stop();
    const results = runs.map(({ verification }) => verification.report());
    const code = exitCodeOf(results);
    try {
      const remainingMs = Math.max(...runs.map(({ deadline }) => deadline.remainingMs));
      writeReports(reports, results, secrets, remainingMs + READER_MS);
      // What could not be looked at because the checks are broken is not for --accept-unknown to accept.
      process.exit(code || (crashed ? EXIT_CODES.unknown : EXIT_CODES.good));
    } catch (error) {
      const cause = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
      process.stderr.write(
        `A report could not be written${cause}: ${reports.map(({ file }) => file ?? "-").join(", ")}\n`,
      );
      process.exit(code || EXIT_CODES.misused);
    }
  };
  const stop = (reason: string) => {
    for (const { deadline } of runs) deadline.stop(reason);
    setTimeout(() => finish(), GRACE_MS);
  };
  const crash = (error: unknown) => {
    process.stderr.write(describeCrash(error));
    finish(true);
  };
  process.once("SIGINT", () => stop("interrupted"));
  process.once("SIGTERM", () => stop("terminated"));
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  setTimeout(
    () => finish(),
    Math.max(...targets.map(({ deadlineSeconds }) => deadlineSeconds)) * 1000 + GRACE_MS,
  ).unref();

  await Promise.all(
    runs.map(({ target, deadline, client, verification }) =>
      verify(
        {
          ...target,
          client,
          ownerId: process.env.RENDER_OWNER_ID || undefined,
          deadline,
          secrets,
          onProgress: (text) => progress.update(target.expected.environment, text),
        },
        verification,
      ),
    ),
  ).catch(crash);
  finish();
}

/** The client's own deadline lies behind ours, so that it is always ours that ends a call, and is named. */
function connectToRender(deadline: Deadline): RenderClient {
  try {
    return RenderClient.fromEnvironment(process.env, {
      deadlineMs: deadline.remainingMs + GRACE_MS,
      signal: deadline.signal,
    });
  } catch (error) {
    throw new Stop("misused", error instanceof Error ? error.message : "RENDER_API_KEY cannot be used.");
  }
}

main().catch((error: unknown) => {
  if (error instanceof Stop) {
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CODES.misused);
  }
  process.stderr.write(describeCrash(error));
  process.exit(EXIT_CODES.failed);
});
