import { userInfo } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { writePrivateFile } from "../runtime/private-file.ts";
import { commitSchema } from "./review/review.ts";

const checkSchema = z.strictObject({
  /** The step in the graph that ran the checks. */
  address: z.string(),
  result: z.enum(["passed", "failed", "interrupted"]),
  /** What they printed. */
  output: z.array(z.string()),
});

/** Who applied what, on whose approval, and how it went. */
export const deploymentRecordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  environment: z.string(),
  /** Of the review that was approved. */
  fingerprint: z.string(),
  plannedAt: z.iso.datetime(),
  /** The user of the pipeline, or of this machine. */
  by: z.string(),
  /** What it was applied from. */
  commit: commitSchema.optional(),
  /** The pipeline's run: its address, or its id. */
  run: z.string().optional(),
  startedAt: z.iso.datetime(),
  /** Absent while it runs, and for ever when it was killed. */
  finishedAt: z.iso.datetime().optional(),
  durationSeconds: z.int().min(0).optional(),
  /** `running` in a record that is over says that whoever wrote it was killed: plan again to see the current state. */
  outcome: z.enum(["running", "applied", "failed", "interrupted", "refused"]),
  acknowledged: z.array(z.string()),
  /** Addresses, each once, in the order in which Terraform was done with them. */
  done: z.array(z.string()),
  failed: z.array(z.strictObject({ address: z.string().optional(), error: z.string() })),
  /** Empty when nothing that the checks prove has changed. */
  checks: z.array(checkSchema),
});

export type DeploymentRecord = z.infer<typeof deploymentRecordSchema>;

/** Keeps a record. A reader never finds half of it. @returns its path. */
export function writeRecord(directory: string, record: DeploymentRecord): string {
  // Windows takes no colons in names.
  const file = join(directory, `${record.startedAt.replaceAll(":", "-")}.json`);
  writePrivateFile(file, `${JSON.stringify(record, null, 2)}\n`);
  return file;
}

/** Who starts this: the pipeline's user, or this machine's. */
export function whoApplies(env: NodeJS.ProcessEnv): string {
  return env.GITHUB_ACTOR || env.GITLAB_USER_LOGIN || env.USER || nameOfUser();
}

/** The run of a pipeline that this is; nothing elsewhere. */
export function runOf(env: NodeJS.ProcessEnv): { readonly run?: string } {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = env;
  const run = id && server && repository ? `${server}/${repository}/actions/runs/${id}` : id;
  const known = run || env.CI_JOB_URL || env.CI_PIPELINE_ID;
  return known ? { run: known } : {};
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have no name.
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
