import { parseArgs } from "node:util";
import { allChecks } from "../checks/catalogue/all-checks.ts";
import type { Check } from "../checks/check.ts";
import { AVAILABLE } from "../checks/verification.ts";
import type { VerifyOptions } from "../checks/verify.ts";
import { requireOwnRender } from "../environments/emulator-mark.ts";
import { loadEnvironments } from "../environments/load.ts";
import { pickInstance } from "../environments/pick.ts";
import { expectedInstance } from "../render/instance.ts";
import { expectedService, jobServicesOf, serviceIdOf } from "../render/service.ts";
import { InvalidValue, notOneOf, Stop } from "../runtime/errors.ts";
import { VANTAGES } from "../vantage/vantage.ts";
import { CHECK_FORMATS, type CheckFormat } from "./report/checks/reports.ts";
import { type ReportRequest, readReport } from "./report/write-reports.ts";
import type { Subject } from "./verify-request.ts";

export const USAGE = `Usage: npm run verify -- <environment>... [options]

Proves that the Redis on Render is the one that the environment describes.

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

Reads RENDER_API_KEY, RENDER_OWNER_ID, RENDER_HOST, TF_VAR_backend_service_id; HTTPS_PROXY and NO_PROXY;
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
    const checks = values.only === undefined ? checksAfterApply(deployed) : choices.checks;
    return { targets: [{ ...deployed, ...choices, checks, ...given, afterApply: true }], reports, strict };
  }
  if (positionals.length === 0) throw new Stop("misused", `Name at least one environment.\n\n${USAGE}`);
  if (values.instance !== undefined && positionals.length !== 1) {
    throw new Stop("misused", "--instance needs exactly one environment, which says what the instance should be.");
  }
  const subjects = await Promise.all([...new Set(positionals)].map((name) => subjectOf(name, env)));
  return { targets: subjects.map((subject) => ({ ...subject, ...choices, ...given })), reports, strict };
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

/** The environments are read only where one is named: Terraform's provisioner brings its own description. */
async function subjectOf(name: string, env: NodeJS.ProcessEnv): Promise<Subject> {
  const [{ resolveEnvironment }, { stackPath }] = await Promise.all([
    loadEnvironments(),
    import("../environments/define.ts"),
  ]);
  const environment = resolveEnvironment(name);
  // Without the mark nothing can be mistaken: what is looked at is only read.
  if (env.TF_VAR_emulator) requireOwnRender(environment, env);
  const { prove: _inDeploysOnly, ...checks } = environment.checks;
  const [instanceKey, instance] = pickInstance(environment);
  const [key = "", used] = Object.entries(environment.services)[0] ?? [];
  const serviceId = used && serviceIdOf(key, used, env);
  const service = used && serviceId !== undefined ? expectedService(used, serviceId) : undefined;
  const stackDirectory = stackPath(environment.name);
  const expected = expectedInstance(environment, instance);
  return {
    expected,
    ...checks,
    prove: "no",
    ...jobServicesOf(environment.services, instanceKey, env),
    service,
    stackDirectory,
  };
}

/** Terraform asks twice: for the Redis before the service gets its URL, and for the service after its roll-out. */
function checksAfterApply({ service }: Subject): readonly Check[] {
  return allChecks.filter(({ about }) => (about === "service") === (service !== undefined));
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
