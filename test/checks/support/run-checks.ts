import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonReportSchema } from "../../../checks/report.ts";
import type { ExpectedInstance } from "../../../render/instance.ts";
import { PROGRAM } from "../../program.ts";
import { USER } from "./redis-server.ts";
import { EXPECTED } from "./render-api.ts";

export const API_KEY = "rnd_AKeyThatNobodyMayEverSee0123";

const FORMATS = ["json", "junit", "markdown", "github"] as const;

export interface RunOptions {
  /** The checks as one file. */
  readonly host: string;
  readonly args?: readonly string[] | undefined;
  readonly expected?: Partial<ExpectedInstance> | undefined;
  readonly deadlineSeconds?: number | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** What to do while it runs. */
  readonly meanwhile?: ((kill: (signal: NodeJS.Signals) => void) => void) | undefined;
}

export interface RunResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from start to end. */
  readonly elapsedMs: number;
  readonly report: ReturnType<typeof jsonReportSchema.parse> | undefined;
  /** The status of each check. */
  readonly statuses: Readonly<Record<string, string>>;
  /** Everything that came out, on whatever way. */
  readonly everything: string;
}

/** Runs the checks as Terraform's provisioner does, with every report there is. */
export async function runChecks(options: RunOptions): Promise<RunResult> {
  const directory = mkdtempSync(join(tmpdir(), "checks-run-"));
  const files = FORMATS.map((format) => [format, join(directory, `report.${format}`)] as const);
  const summary = join(directory, "summary");
  const child = spawn(
    process.execPath,
    [
      ...[PROGRAM, "step", "checks", "--report", "table"],
      ...files.flatMap(([format, file]) => ["--report", `${format}=${file}`]),
      ...(options.args ?? []),
    ],
    {
      cwd: directory,
      env: {
        PATH: process.env.PATH,
        RENDER_HOST: options.host,
        RENDER_API_KEY: API_KEY,
        REDIS_INSTANCE_ID: USER,
        SERVICE_IDS: "[]",
        REDIS_EXPECTED: JSON.stringify({ ...EXPECTED, ...options.expected }),
        TERRAFORM_DIRECTORY: "no/such/directory",
        REDIS_CHECKS: JSON.stringify({ deadlineSeconds: options.deadlineSeconds ?? 20, acceptUnknown: false }),
        GITHUB_STEP_SUMMARY: summary,
        ...options.env,
      },
    },
  );
  const started = performance.now();
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  options.meanwhile?.((signal) => child.kill(signal));
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on("close", (...outcome) => resolve(outcome));
  });
  const elapsedMs = performance.now() - started;
  const texts = [...files.map(([, file]) => file), summary]
    .filter(existsSync)
    .map((file) => readFileSync(file, "utf8"));
  const [json] = files[0] !== undefined && existsSync(files[0][1]) ? texts : [];
  const report = json === undefined ? undefined : jsonReportSchema.parse(JSON.parse(json));
  rmSync(directory, { recursive: true });
  return {
    exitCode,
    signal,
    stdout,
    stderr,
    elapsedMs,
    report,
    statuses: Object.fromEntries((report?.environments[0]?.results ?? []).map(({ id, status }) => [id, status])),
    everything: [stdout, stderr, ...texts].join("\n"),
  };
}
