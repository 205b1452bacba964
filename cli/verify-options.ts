import { allChecks } from "../checks/catalogue/all-checks.ts";
import type { Check } from "../checks/check.ts";
import { AVAILABLE } from "../checks/verification.ts";
import type { VerifyOptions } from "../checks/verify.ts";
import { InvalidValue, notOneOf, Stop } from "../runtime/errors.ts";
import { VANTAGES } from "../vantage/vantage.ts";
import { CHECK_FORMATS, type CheckFormat } from "./report/checks/reports.ts";
import { type ReportRequest, readReport } from "./report/write-reports.ts";
import type { Subject } from "./verify-request.ts";

/** What the command line says, as it was written. */
export interface VerifyValues {
  readonly instance?: string;
  readonly deadline?: string;
  readonly vantage?: string;
  readonly prove?: true;
  readonly only?: readonly string[];
  readonly memoryWarn?: string;
  readonly memoryFail?: string;
  readonly acceptUnknown?: true;
  readonly strict?: true;
  readonly report?: readonly string[];
}

/** What the command line decides, whatever is verified. */
type Choices = Pick<VerifyOptions, "vantage" | "checks" | "memoryUse">;

export interface VerifyRequest {
  readonly targets: readonly (Subject & Choices & Pick<VerifyOptions, "afterApply">)[];
  readonly reports: readonly ReportRequest<CheckFormat>[];
  /** Whether a warning is an exit code, too. */
  readonly strict: boolean;
  /** Seconds for all of it, where the command line says so. */
  readonly deadlineSeconds?: number;
}

/**
 * What the command line asks for.
 *
 * @param deployed What a step of Terraform's graph verifies, which then names no environment.
 * @throws Stop
 */
export async function requestOf(
  names: readonly string[],
  values: VerifyValues,
  env: NodeJS.ProcessEnv,
  deployed?: Subject,
): Promise<VerifyRequest> {
  const choices = readChoices(values);
  const strict = values.strict ?? false;
  const reports = (values.report ?? ["table"]).map(reportOption);
  const given = {
    ...(values.deadline === undefined
      ? {}
      : { deadlineSeconds: readNumber("--deadline", values.deadline, "a number of seconds", DAY_SECONDS) }),
    ...(values.acceptUnknown ? { acceptUnknown: true } : {}),
    ...(values.instance === undefined ? {} : { instanceId: values.instance }),
    ...(values.prove ? { prove: "by hand" as const } : {}),
  };
  if (deployed !== undefined) {
    const checks = values.only === undefined ? checksOf(deployed, choices.checks) : choices.checks;
    return { targets: [{ ...deployed, ...choices, checks, ...given, afterApply: true }], reports, strict };
  }
  if (names.length === 0) throw new Stop("misused", "Name at least one environment. See: npm run verify -- --help");
  // A step of Terraform's graph brings its own description, and does not wait for this.
  const { subjectsOf } = await import("./verify-subjects.ts");
  const subjects = await subjectsOf(names, env);
  if (values.instance !== undefined && (subjects.length !== 1 || subjects[0]?.about === "service")) {
    throw new Stop(
      "misused",
      "--instance needs exactly one environment, and one instance of it, which says what it should be.",
    );
  }
  const targets = subjects.map((subject) => {
    return { ...subject, ...choices, checks: checksOf(subject, choices.checks), ...given };
  });
  const { deadlineSeconds } = given;
  // With none of its checks asked for, a service has nothing to look at.
  const isAsked = ({ about, checks }: (typeof targets)[number]) => about !== "service" || checks.length > 0;
  return {
    targets: targets.filter(isAsked),
    reports,
    strict,
    ...(deadlineSeconds === undefined ? {} : { deadlineSeconds }),
  };
}

/** The checks on the subject. Of an instance before a service gets its URL, of the service after its roll-out. */
function checksOf({ about }: Subject, checks: readonly Check[]): readonly Check[] {
  return checks.filter((check) => about === undefined || (check.about === "service") === (about === "service"));
}

export const DAY_SECONDS = 86_400;

function readChoices(values: VerifyValues): Choices {
  const percent = (option: string, text: string) => readNumber(option, text, "a percentage", 100);
  const warnPercent = percent("--memory-warn", values.memoryWarn ?? "70");
  const failPercent = percent("--memory-fail", values.memoryFail ?? "80");
  if (warnPercent > failPercent) throw new Stop("misused", "--memory-warn must not be above --memory-fail.");
  return {
    vantage: oneOf("--vantage", ["auto", ...VANTAGES], values.vantage ?? "auto"),
    checks: values.only === undefined ? allChecks : values.only.filter((id) => id !== AVAILABLE.id).map(findCheck),
    memoryUse: { warnPercent, failPercent },
  };
}

function findCheck(id: string): Check {
  const check = allChecks.find((candidate) => candidate.id === id);
  if (check !== undefined) return check;
  const ids = [AVAILABLE, ...allChecks].map((candidate) => candidate.id);
  throw new Stop("misused", `--only ${notOneOf(ids, id).message}`);
}

function oneOf<T extends string>(option: string, allowed: readonly T[], got: string): T {
  const match = allowed.find((candidate) => candidate === got);
  if (match !== undefined) return match;
  throw new Stop("misused", `${option} ${notOneOf(allowed, got).message}`);
}

function readNumber(option: string, text: string, what: string, most: number): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && number > 0 && number <= most) return number;
  throw new Stop("misused", `${option} must be ${what} up to ${most}, got: ${JSON.stringify(text)}.`);
}
function reportOption(text: string): ReportRequest<CheckFormat> {
  try {
    return readReport(CHECK_FORMATS, text);
  } catch (error) {
    throw error instanceof InvalidValue ? new Stop("misused", `--report ${error.message}`) : error;
  }
}
