import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { Fn, TerraformOutput, TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import { requireRender } from "../constructs/emulator-mark.ts";
import { GuardedStack } from "../constructs/guards.ts";
import { Policy } from "../constructs/policy.ts";
import { RedisInstance } from "../constructs/redis-instance.ts";
import { RenderProvider } from "../constructs/render/render-provider.ts";
import { ServiceEnv } from "../constructs/service-env.ts";
import { serviceIdVariable } from "../constructs/service-id.ts";
import { StateBackend } from "../constructs/state-backend.ts";
import { Step, trigger } from "../constructs/step.ts";
import { type EnvironmentInput, parseEnvironment } from "../environments/define.ts";
import { wrongRender } from "../environments/emulator-mark.ts";
import { type Encryption, encryptionOf, PASSPHRASE } from "../environments/state.ts";
import { terraformNeed } from "../environments/terraform-versions.ts";
import { expectedInstance, triggersOf } from "../render/instance.ts";
import { formatMemorySize } from "../render/memory-size.ts";
import { expectedService } from "../render/service.ts";
import { Stop } from "../runtime/errors.ts";
import { encryptionBlock, stateSettings } from "./state-settings.ts";

/**
 * One environment: its Redis, the proof that it is the one described, and the service that uses it, in that order.
 * Each environment has a state of its own, so that none can break another.
 */
export class RedisStack extends GuardedStack {
  readonly policy: Policy;

  /**
   * @param secrets What looks like a secret among the service's variables, for the policy.
   * @throws Stop with a line for each mistake in what is described.
   */
  constructor(scope: Construct, input: EnvironmentInput, secrets: readonly string[] = []) {
    const environment = parseEnvironment(input);
    super(scope, environment.name);
    this.policy = new Policy(this, { environment, stateType: environment.state.type, secrets });
    new StateBackend(this, stateSettings(environment.state));
    this.addOverride("terraform.required_version", `>= ${terraformNeed(environment).version}`);
    const encryption = encryptionOf(environment.state);
    if (encryption !== undefined) this.#encrypt(encryption);
    requireRender(this, environment.emulator, wrongRender(environment));
    new RenderProvider(this, "render");
    new NullProvider(this, "null");

    const { checks: limits } = environment;
    const [REDIS, described] = onlyOf(environment.redis);
    const [SERVICE, backend] = onlyOf(environment.services);
    const serviceId = backend.id ?? serviceIdVariable(this);
    const instance = expectedInstance(environment, described);
    const service = expectedService(backend, serviceId);

    const { name: _instance, ...judgedInstance } = instance;
    const { groupName: _group, ...judgedService } = service;
    const preflight = new Step(this, "preflight", {
      given: { REDIS_EXPECTED: instance, REDIS_CHECKS: limits, BACKEND_EXPECTED: service },
      // Not again for a new name: Render keeps the instance and the group, and under their former names they could not be
      // told from somebody else's.
      triggers: { redis: judgedInstance, backend: judgedService },
    });
    const redis = new RedisInstance(this, REDIS, { ...described, after: [preflight.done] });
    const proven = new Step(this, "checks", {
      of: REDIS,
      given: {
        REDIS_INSTANCE_ID: redis.id,
        REDIS_EXPECTED: instance,
        REDIS_CHECKS: { ...limits, backendServiceId: serviceId },
      },
      triggers: { instance_id: redis.id, ...triggersOf(redis.instance), checks: limits },
      follows: redis.address,
    });
    // What comes between it and the instance is removed before it runs.
    const drained =
      service.drainCommand === undefined
        ? proven
        : new Step(this, "drain", {
            of: REDIS,
            given: {
              REDIS_INSTANCE_ID: trigger("instance_id"),
              BACKEND_DRAIN_COMMAND: service.drainCommand,
              BACKEND_SERVICE_ID: backend.id,
            },
            // Only the instance: any other change would drain an instance that stays.
            triggers: { instance_id: redis.id },
            after: [proven.done],
          });
    const left = new Step(this, "leave", {
      of: SERVICE,
      given: {
        BACKEND_SERVICE_ID: trigger("service_id"),
        BACKEND_ROLL_OUT_SECONDS: service.rollOutSeconds,
        BACKEND_DRAIN_COMMAND: service.drainCommand,
        REDIS_ADDRESS: redis.address,
      },
      triggers: { service_id: serviceId },
      keyedBy: "service_id",
      after: [drained.done],
    });
    // The group is created after it, and so is gone when the service is rolled out without it.
    const { groupId, linked, linkAddress } = new ServiceEnv(this, SERVICE, {
      groupName: service.groupName,
      serviceId,
      redis,
      env: service.env,
      after: [left.done],
    });
    const rollOut = new Step(this, "roll_out", {
      of: SERVICE,
      given: { BACKEND_EXPECTED: service, BACKEND_GROUP_ID: groupId },
      triggers: {
        service_id: serviceId,
        group_id: groupId,
        // With a password in it, its hash: that changes with it, and says nothing.
        redis_url: instance.internalAuthentication ? Fn.nonsensitive(Fn.sha256(redis.internalUrl)) : redis.internalUrl,
        env: Object.fromEntries(Object.entries(service.env).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      },
      follows: linkAddress,
      after: [linked],
    });
    new Step(this, "proof", {
      of: SERVICE,
      given: {
        REDIS_INSTANCE_ID: redis.id,
        REDIS_EXPECTED: instance,
        REDIS_CHECKS: limits,
        BACKEND_EXPECTED: service,
      },
      triggers: { instance_id: redis.id, roll_out: rollOut.run, backend: service },
    });
    if (service.drainCommand !== undefined) {
      new Step(this, "hand_over", {
        of: REDIS,
        given: { REDIS_INSTANCE_ID: redis.id, REDIS_ADDRESS: redis.address, BACKEND_EXPECTED: service },
        // Only the instance; its name changes in place.
        triggers: { instance_id: redis.id },
        after: [rollOut.done],
      });
    }

    new TerraformOutput(this, "instance_id", { value: redis.id });
    new TerraformOutput(this, "plan", { value: redis.instance.plan });
    // A plan shows how outputs change, and the review tells by this one that the protection is removed.
    new TerraformOutput(this, "deletion_protection", { value: redis.instance.deletionProtection });
    new TerraformOutput(this, "eviction_policy", { value: redis.instance.evictionPolicy });
    new TerraformOutput(this, "memory", {
      value: redis.memory === undefined ? "by contract" : formatMemorySize(redis.memory),
    });
    new TerraformOutput(this, "internal_url", { value: redis.internalUrl, sensitive: true });
    new TerraformOutput(this, "external_url", { value: redis.externalUrl, sensitive: true });
  }

  /** Has OpenTofu encrypt the state and every plan. Without a default it would ask for the passphrase, and wait for ever. */
  #encrypt(encryption: Encryption): void {
    this.addOverride("terraform.encryption", encryptionBlock(encryption));
    if (encryption.key.type !== "passphrase") return;
    const description = "Encrypts the state and every plan: at least 16 characters";
    new TerraformVariable(this, PASSPHRASE, {
      type: "string",
      sensitive: true,
      nullable: false,
      default: "",
      description,
    });
  }

  /** With a note of what the policy says, for the review; as all notes, Terraform passes over it. */
  override toTerraform(): Record<string, unknown> {
    const terraform = super.toTerraform();
    const { warnings, exceptions } = this.policy.result();
    return { ...terraform, "//": { ...Object(terraform["//"]), policy: { warnings, exceptions } } };
  }
}

/** Until the graph is built for several of each. */
function onlyOf<T>(parts: Readonly<Record<string, T>>): [key: string, part: T] {
  const [first, ...others] = Object.entries(parts);
  if (first === undefined || others.length > 0) {
    throw new Stop("misused", `The graph takes one instance and one service, got: ${Object.keys(parts).join(", ")}.`);
  }
  return first;
}
