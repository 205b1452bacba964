import { Command } from "commander";
import { append, parse } from "./parse.ts";
import type { Ending } from "./program.ts";
import type { VerifyValues } from "./verify-options.ts";

const VARIABLES = `
Reads RENDER_API_KEY, RENDER_OWNER_ID, RENDER_HOST, TF_VAR_<service>_service_id; HTTPS_PROXY and NO_PROXY;
NODE_EXTRA_CA_CERTS for a private authority.`;

/** What can be said of a verification. The values are read by `requestOf`. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description(
      "Proves that the Redis on Render is the one that the environment describes: all of it, or what is named by its key.",
    )
    .argument(
      "[environment...]",
      "environments, each with the keys of the instances and services that are meant after it",
    )
    .option("--instance <id>", "verify this instance, instead of finding it by name and region")
    .option("--deadline <seconds>", "the time for everything; default: the environment's checks.deadlineSeconds")
    .option("--vantage <where>", "auto (default), external, inside (a one-off job of the service) or api-only")
    .option("--prove", "fill an empty instance to its limit, to see that it never evicts; in a deploy: checks.prove")
    .option("--only <check>", "run only this check; repeatable", append<string>)
    .option("--memory-warn <percent>", "from what use of the memory to warn; default 70")
    .option("--memory-fail <percent>", "from what use of the memory to fail; default 80")
    .option("--strict", "exit 3 when a check warns")
    .option("--accept-unknown", "exit 0 even when something could not be established")
    .option(
      "--report <format[=file]>",
      "table (default), json, junit, markdown or github (annotations); repeatable, without a file to standard output; in GitHub Actions the Markdown also goes to the step summary",
      append<string>,
    )
    .addHelpText("after", VARIABLES)
    .exitOverride();
}

/** Reads `verify`'s command line. */
export function readVerify(
  args: readonly string[],
  act: (names: readonly string[], values: VerifyValues) => Promise<void>,
): Promise<Ending | undefined> {
  const action = async (names: readonly string[], values: VerifyValues) => {
    await act(names, values);
    return undefined;
  };
  return parse(verifyCommand(), action, args);
}
