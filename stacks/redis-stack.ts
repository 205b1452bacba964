import { join, relative, sep } from "node:path";
import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { App, TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import { BackendEnv } from "../constructs/backend-env.ts";
import { backendServiceId } from "../constructs/backend-service-id.ts";
import { GuardedStack } from "../constructs/guards/guarded-stack.ts";
import { PostApplyCheck } from "../constructs/post-apply-check.ts";
import { RedisInstance } from "../constructs/redis-instance.ts";
import { RenderProvider } from "../constructs/render/render-provider.ts";
import { StateBackend } from "../constructs/state-backend.ts";
import type { Environment } from "../environments/schema.ts";
import { formatMemorySize } from "../render/memory-size.ts";
import { stateSettings } from "./state-settings.ts";

const REPOSITORY = join(import.meta.dirname, "..");

/**
 * One environment: its Redis, the proof that it is the one described, and its wiring to the backend, in that order.
 * Each environment has a state of its own, so that none can break another.
 */
export class RedisStack extends GuardedStack {
  constructor(scope: Construct, environment: Environment) {
    super(scope, environment.name);
    new StateBackend(this, stateSettings(environment.state));
    new RenderProvider(this, "render");
    new NullProvider(this, "null");

    const serviceId = environment.backend.serviceId ?? backendServiceId(this);
    const redis = new RedisInstance(this, "redis", environment.redis);
    const checks = new PostApplyCheck(this, "redis_checks", {
      environment: environment.name,
      redis,
      ...environment.checks,
      backendServiceId: serviceId,
      repository: this.#pathTo(REPOSITORY),
    });
    new BackendEnv(this, "backend", {
      groupName: `${environment.redis.name}-env`,
      serviceId,
      redis,
      env: environment.backend.env,
      after: [checks.proof],
    });

    new TerraformOutput(this, "instance_id", { value: redis.id });
    new TerraformOutput(this, "plan", { value: redis.description.plan });
    new TerraformOutput(this, "eviction_policy", { value: redis.description.evictionPolicy });
    new TerraformOutput(this, "memory", {
      value: redis.memory === undefined ? "by contract" : formatMemorySize(redis.memory),
    });
    new TerraformOutput(this, "internal_url", { value: redis.internalUrl, sensitive: true });
    new TerraformOutput(this, "external_url", { value: redis.externalUrl, sensitive: true });
  }

  /** A path relative to the directory that Terraform runs this stack in, with slashes on every system. */
  #pathTo(target: string): string {
    const directory = join(App.of(this).outdir, "stacks", this.node.id);
    return relative(directory, target).split(sep).join("/");
  }
}
