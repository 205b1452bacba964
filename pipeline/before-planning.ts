import { join } from "node:path";
import { z } from "zod";
import { Stop } from "../runtime/errors.ts";
import { oneLine } from "../runtime/text.ts";
import { namesIn, textIn } from "./files.ts";
import { configurationIn } from "./open-plan.ts";
import { lockedProviders } from "./plan-file.ts";
import { readConfiguration } from "./review/plan/configuration.ts";
import { acknowledgementsOf } from "./review/review.ts";
import { acknowledgement } from "./review/rules/consequence.ts";
import { whilePlanning } from "./review/rules/while-planning.ts";

const modulesSchema = z.object({ Modules: z.array(z.object({ Key: z.string(), Dir: z.string() })) });

/**
 * Refuses to plan what runs while Terraform plans and is not ours, until it is acknowledged: what has run by then, nobody
 * can review any more.
 *
 * @param directory Where Terraform works.
 * @throws Stop naming each of them in full, with its acknowledgement.
 */
export function refuseUnreviewed(environment: string, directory: string, ack: readonly string[]): void {
  const files = new Map([...configurationIn(directory), ...moduleFiles(directory)]);
  const locked = Object.keys(lockedProviders(textIn(join(directory, ".terraform.lock.hcl"))));
  const findings = whilePlanning(readConfiguration(files), locked);
  const missing = acknowledgementsOf({ findings }).filter((token) => !ack.includes(token));
  if (missing.length === 0) return;
  const lines = findings
    .filter((one) => missing.includes(acknowledgement(one)))
    .flatMap(({ consequence, address, causes }) => [
      `${address}: ${consequence}`,
      ...causes.map(({ attribute, after }) => `  ${attribute}: ${oneLine(after ?? "")}`),
    ]);
  throw new Stop(
    "unknown",
    `${environment} was not planned, for planning runs what is not this project's:\n${lines.join("\n")}`,
    {
      remedy: `Read it. If it may run: npm run plan -- ${environment}${missing.map((token) => ` --ack '${token}'`).join("")}`,
    },
  );
}

/** The names of the files of modules that `init` has installed. Nothing reads what is in them. */
function moduleFiles(directory: string): [string, string][] {
  const installed = modulesSchema.safeParse(parse(textIn(join(directory, ".terraform/modules/modules.json"))));
  return (installed.data?.Modules ?? []).flatMap(({ Key, Dir }) => {
    if (Key === "") return [];
    return namesIn(join(directory, Dir), /\.(tf|tofu)(\.json)?$/).map((name): [string, string] => [
      `m-${Key}/${name}`,
      "",
    ]);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
