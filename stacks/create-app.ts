import type { App } from "cdktf";
import { GuardedApp } from "../constructs/guards.ts";
import type { EnvironmentInput } from "../environments/define.ts";
import { RedisStack } from "./redis-stack.ts";

/**
 * The CDKTF app: one stack for each environment.
 *
 * @param outdir Where the Terraform goes; default `CDKTF_OUTDIR`, which cdktf sets, or `cdktf.out`.
 */
export function createApp(environments: readonly EnvironmentInput[], outdir?: string): App {
  const app = new GuardedApp(outdir === undefined ? {} : { outdir });
  for (const environment of environments) new RedisStack(app, environment);
  return app;
}
