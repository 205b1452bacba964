import { parseArgs } from "node:util";
import { allChecks } from "../checks/catalogue/all-checks.ts";
import type { Check } from "../checks/check.ts";
import { AVAILABLE } from "../checks/verification.ts";
import type { VerifyOptions } from "../checks/verify.ts";
import { InvalidValue, notOneOf, Stop } from "../runtime/errors.ts";
import { VANTAGES } from "../vantage/vantage.ts";
import { CHECK_FORMATS, type CheckFormat } from "./report/checks/reports.ts";
import { type ReportRequest, readReport } from "./report/write-reports.ts";
import type { Subject } from "./verify-request.ts";

export const USAGE = `Usage: npm run verify -- <environment> [instance or service]... [options]

Proves that what is on Render is what the environment describes: all of it, or the instances and services that are named
by their keys. Several environments may be named.

  --instance <id>       verify this instance as the one environment named, instead of finding it by name and region
  --deadline <seconds>  the time for everything, waiting included (default: the environment's checks.deadlineSeconds)
  --vantage <where>     auto (default), external, inside (a one-off job of the service) or api-only
  --prove               fill an empty instance to its limit, to see that it never evicts; in a deploy: checks.prove
  --only <check>        run only this check; repeatable
  --memory-warn <percent>, --memory-fail <percent>
                        from what use of the memory to warn (default 70) and to fail (default 80)
  --strict              exit 3 when a check warns
  --accept-unknown      exit 0 even when something could not be established
  --report <format>[=<file>]
                        table (default), json, junit, markdown or github (annotations); repeatable, without a
                        file to standard output; in GitHub Actions the Markdown also goes to the step summary
  --help

Reads RENDER_API_KEY, RENDER_OWNER_ID, RENDER_HOST, TF_VAR_<service>_service_id; HTTPS_PROXY and NO_PROXY;
NODE_EXTRA_CA_CERTS for a private authority.
Exit codes: 0 good, 1 failed, 2 wrong usage or configuration, 3 not established, or with --strict a warning.
`;

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
 * What the command line asks for; `undefined` when it asks for help.
 *
 * @param deployed What a step of Terraform's graph verifies, which then names no environment.
 * @throws Stop
 */
export async function readCommandLine(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  deployed?: Subject,
): Promise<VerifyRequest | undefined> {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const choices = readChoices(values);
  const strict = values.strict ?? false;
  const reports = (values.report ?? ["table"]).map(reportOption);
  const given = {
    ...(values.deadline === undefined
      ? {}
      : { deadlineSeconds: readNumber("--deadline", values.deadline, "a number of seconds", DAY_SECONDS) }),
    ...(values["accept-unknown"] ? { acceptUnknown: true } : {}),
    ...(values.instance === undefined ? {} : { instanceId: values.instance }),
    ...(values.prove ? { prove: "by hand" as const } : {}),
  };
  if (deployed !== undefined) {
    const checks = values.only === undefined ? checksOf(deployed, choices.checks) : choices.checks;
    return { targets: [{ ...deployed, ...choices, checks, ...given, afterApply: true }], reports, strict };
  }
  if (positionals.length === 0) throw new Stop("misused", `Name at least one environment.\n\n${USAGE}`);
  // A step of Terraform's graph brings its own description, and does not wait for this.
  const { subjectsOf } = await import("./verify-subjects.ts");
  const subjects = await subjectsOf(positionals, env);
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

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        instance: { type: "string" },
        deadline: { type: "string" },
        vantage: { type: "string" },
        prove: { type: "boolean" },
        only: { type: "string", multiple: true },
        "memory-warn": { type: "string" },
        "memory-fail": { type: "string" },
        "accept-unknown": { type: "boolean" },
        strict: { type: "boolean" },
        report: { type: "string", multiple: true },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new Stop("misused", error instanceof Error ? error.message : "The command line cannot be read.");
  }
}

/** The checks on the subject. Of an instance before a service gets its URL, of the service after its roll-out. */
function checksOf({ about }: Subject, checks: readonly Check[]): readonly Check[] {
  return checks.filter((check) => about === undefined || (check.about === "service") === (about === "service"));
}

const DAY_SECONDS = 86_400;
const MEMORY_USE = { warn: "70", fail: "80" } as const;

function readChoices(values: ReturnType<typeof parse>["values"]): Choices {
  const percent = (name: "warn" | "fail") => {
    return readNumber(`--memory-${name}`, values[`memory-${name}`] ?? MEMORY_USE[name], "a percentage", 100);
  };
  const [warnPercent, failPercent] = [percent("warn"), percent("fail")];
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
