import { join } from "node:path";
import type { App } from "cdktf";
import { GuardedApp } from "../constructs/guards.ts";
import { type EnvironmentInput, parseEnvironment } from "../environments/define.ts";
import { closeProject } from "../runtime/private-file.ts";
import { RedisStack } from "./redis-stack.ts";
import { localPath } from "./state-settings.ts";

/**
 * The CDKTF app: one stack for each environment. Before anything is written, what will hold secrets is closed to other
 * users: the one thing that synthesis does beside writing Terraform.
 *
 * @param outdir Where the Terraform goes; default `CDKTF_OUTDIR`, which cdktf sets, or `cdktf.out`.
 * @param secrets What looks like a secret in an environment's variables, by its name.
 */
export function createApp(
  environments: readonly EnvironmentInput[],
  outdir = process.env.CDKTF_OUTDIR ?? "cdktf.out",
  secrets: ReadonlyMap<string, readonly string[]> = new Map(),
): App {
  const parsed = environments.map(parseEnvironment);
  const states = parsed.flatMap(({ state }) => (state.type === "local" ? [join(outdir, "..", localPath(state))] : []));
  closeProject(outdir, states);
  const app = new GuardedApp({ outdir });
  for (const environment of parsed) new RedisStack(app, environment, secrets.get(environment.name));
  return app;
}
