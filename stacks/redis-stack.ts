import { join, relative, sep } from "node:path";
import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { App, type ITerraformDependable, TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import { BackendCheck } from "../constructs/backend-check.ts";
import { BackendEnv } from "../constructs/backend-env.ts";
import { BackendLeave } from "../constructs/backend-leave.ts";
import { BackendRollOut } from "../constructs/backend-roll-out.ts";
import { backendServiceId } from "../constructs/backend-service-id.ts";
import { GuardedStack } from "../constructs/guards/guarded-stack.ts";
import { PostApplyCheck } from "../constructs/post-apply-check.ts";
import { Preflight } from "../constructs/preflight.ts";
import { RedisDrain } from "../constructs/redis-drain.ts";
import { RedisHandOver } from "../constructs/redis-hand-over.ts";
import { RedisInstance } from "../constructs/redis-instance.ts";
import { RenderProvider } from "../constructs/render/render-provider.ts";
import { Policy } from "../constructs/rules/policy.ts";
import { StateBackend } from "../constructs/state-backend.ts";
import { type Environment, type EnvironmentInput, parseEnvironment } from "../environments/define.ts";
import { expectedInstance } from "../render/instance.ts";
import { formatMemorySize } from "../render/memory-size.ts";
import { expectedService } from "../render/service.ts";
import { stateSettings } from "./state-settings.ts";

const REPOSITORY = join(import.meta.dirname, "..");

/**
 * One environment: its Redis, the proof that it is the one described, and its wiring to the backend, in that order.
 * Each environment has a state of its own, so that none can break another.
 */
export class RedisStack extends GuardedStack {
  readonly policy: Policy;

  /** @throws Stop with a line for each mistake in what is described. */
  constructor(scope: Construct, input: EnvironmentInput) {
    const environment = parseEnvironment(input);
    super(scope, environment.name);
    this.policy = new Policy(this, {
      ...environment,
      environment: environment.name,
      stateType: environment.state.type,
    });
    new StateBackend(this, stateSettings(environment.state));
    new RenderProvider(this, "render");
    new NullProvider(this, "null");

    const serviceId = environment.backend.serviceId ?? backendServiceId(this);
    const backend = expectedService(environment.backend, serviceId, environment.redis.name);
    const repository = this.#pathTo(REPOSITORY);

    const preflight = new Preflight(this, "preflight", {
      redis: expectedInstance(environment.name, environment.redis),
      backend,
      repository,
    });
    const redis = new RedisInstance(this, "redis", { ...environment.redis, after: [preflight.passed] });
    const checks = new PostApplyCheck(this, "redis_checks", {
      environment: environment.name,
      redis,
      ...environment.checks,
      backendServiceId: serviceId,
      repository,
    });
    const proven = this.#drain(environment, redis, checks.proof, repository);
    const leave = new BackendLeave(this, "backend_leave", {
      serviceId,
      rollOutSeconds: backend.rollOutSeconds,
      repository,
      after: [proven],
    });
    const env = new BackendEnv(this, "backend", {
      groupName: backend.groupName,
      serviceId,
      redis,
      env: backend.env,
      after: [leave.attached],
    });
    const rollOut = new BackendRollOut(this, "backend_roll_out", { backend, redis, env, repository });
    new BackendCheck(this, "backend_checks", {
      environment: environment.name,
      redis,
      backend,
      rollOut,
      ...environment.checks,
      repository,
    });
    if (backend.drainCommand !== undefined) {
      new RedisHandOver(this, "redis_hand_over", { redis, backend, rollOut, repository });
    }

    new TerraformOutput(this, "instance_id", { value: redis.id });
    new TerraformOutput(this, "plan", { value: redis.instance.plan });
    // A plan shows how outputs change, and the review tells by this one that the protection goes.
    new TerraformOutput(this, "deletion_protection", { value: environment.redis.deletionProtection });
    new TerraformOutput(this, "eviction_policy", { value: redis.instance.evictionPolicy });
    new TerraformOutput(this, "memory", {
      value: redis.memory === undefined ? "by contract" : formatMemorySize(redis.memory),
    });
    new TerraformOutput(this, "internal_url", { value: redis.internalUrl, sensitive: true });
    new TerraformOutput(this, "external_url", { value: redis.externalUrl, sensitive: true });
  }

  /** Where the backend can work off what waits in an instance, it does so before that is destroyed. */
  #drain(
    { backend: { drainCommand, serviceId } }: Environment,
    redis: RedisInstance,
    proof: ITerraformDependable,
    repository: string,
  ): ITerraformDependable {
    if (drainCommand === undefined) return proof;
    const props = { redis, serviceId, command: drainCommand, repository, after: [proof] };
    return new RedisDrain(this, "redis_drain", props).attached;
  }

  /** A path relative to the directory that Terraform runs this stack in, with slashes on every system. */
  #pathTo(target: string): string {
    const directory = join(App.of(this).outdir, "stacks", this.node.id);
    return relative(directory, target).split(sep).join("/");
  }
}
