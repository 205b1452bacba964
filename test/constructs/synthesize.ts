import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { z } from "zod";
import { GuardedApp, GuardedStack } from "../../constructs/guards.ts";
import { RenderProvider } from "../../constructs/render/render-provider.ts";
import { StateBackend } from "../../constructs/state-backend.ts";

const block = z.record(z.string(), z.looseObject({}));

const terraformSchema = z.looseObject({
  resource: z.record(z.string(), block).default({}),
  output: z.record(z.string(), z.looseObject({ value: z.unknown() })).default({}),
  variable: block.default({}),
  terraform: z.looseObject({}),
});

/** The Terraform of a stack, as `cdk.tf.json` has it. */
export type Terraform = z.output<typeof terraformSchema>;

/** Synthesizes what `build` puts into a stack that has providers and a backend; validations run, as in a deploy. */
export function synthesize(build: (stack: GuardedStack) => void): Terraform {
  return synthesizeApp((app) => {
    const stack = new GuardedStack(app, "test");
    new StateBackend(stack, { type: "local", settings: { path: "test.tfstate" } });
    new RenderProvider(stack, "render");
    new NullProvider(stack, "null");
    build(stack);
  });
}

/** Synthesizes an app with a stack named `test`, and reads that stack's Terraform back. */
export function synthesizeApp(build: (app: GuardedApp) => void): Terraform {
  const outdir = mkdtempSync(join(tmpdir(), "synthesize-"));
  try {
    const app = new GuardedApp({ outdir });
    build(app);
    app.synth();
    return terraformSchema.parse(JSON.parse(readFileSync(join(outdir, "stacks", "test", "cdk.tf.json"), "utf8")));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The addresses of all resources, sorted. */
export function addresses(terraform: Terraform): string[] {
  return Object.entries(terraform.resource)
    .flatMap(([type, resources]) => Object.keys(resources).map((name) => `${type}.${name}`))
    .sort();
}
