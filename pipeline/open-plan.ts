import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import { lockedProviders, type PlanFile, readPlanFile } from "./plan-file.ts";
import { type Planned, readPlan } from "./review/plan/planned.ts";
import { parseTerraformPlan } from "./review/plan/terraform-plan.ts";
import type { Shell } from "./shell-variables.ts";
import type { Terraform } from "./terraform.ts";

/** A saved plan, opened once for everybody who asks something of it. It holds secrets in clear. */
export interface OpenedPlan {
  readonly planned: Planned;
  readonly file: PlanFile;
  readonly fingerprint: Fingerprint;
}

/**
 * Opens a plan's file.
 *
 * @param path Of a file that nobody else writes.
 * @throws Stop when it is no plan that Terraform and we can read.
 */
export async function openPlan(
  terraform: Terraform,
  path: string,
  { environment, directory, shell }: { environment: string; directory: string; shell: Pick<Shell, "decides"> },
): Promise<OpenedPlan> {
  const json = await terraform.show(path);
  const file = readPlanFile(await readFile(path)) ?? {
    configuration: configurationIn(directory),
    providers: lockedProviders(readText(join(directory, ".terraform.lock.hcl"))),
    lineage: await terraform.lineage(),
    isEncrypted: true,
  };
  const planned = readPlan(parseTerraformPlan(json), file.configuration);
  return { planned, file, fingerprint: fingerprintOf({ environment, json, file, shell: shell.decides }) };
}

/** The root module's files in a directory, by the names that they have in a plan's file. */
export function configurationIn(directory: string): ReadonlyMap<string, string> {
  const names = readdirSync(directory).filter((name) => /\.(tf|tofu)(\.json)?$/.test(name));
  return new Map(names.sort().map((name) => [`m-/${name}`, readText(join(directory, name))]));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
