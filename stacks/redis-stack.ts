import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import {
  Fn,
  type ITerraformDependable,
  TerraformOutput,
  type TerraformOutputConfig,
  TerraformResource,
  TerraformVariable,
} from "cdktf";
import type { Construct } from "constructs";
import { Description, fieldOfAll } from "../constructs/description.ts";
import { requireRender } from "../constructs/emulator-mark.ts";
import { GuardedStack } from "../constructs/guards.ts";
import { Policy } from "../constructs/policy.ts";
import { RedisInstance } from "../constructs/redis-instance.ts";
import { RenderProvider } from "../constructs/render/render-provider.ts";
import { ServiceEnv } from "../constructs/service-env.ts";
import { serviceIdFromShell } from "../constructs/service-id.ts";
import { StateBackend } from "../constructs/state-backend.ts";
import { Step, trigger } from "../constructs/step.ts";
import { type EnvironmentInput, parseEnvironment } from "../environments/define.ts";
import { wrongRender } from "../environments/emulator-mark.ts";
import { type Encryption, encryptionOf, PASSPHRASE } from "../environments/state.ts";
import { terraformNeed } from "../environments/terraform-versions.ts";
import { namesOf, separated } from "../render/field.ts";
import { expectedInstance, INSTANCE } from "../render/instance.ts";
import { formatMemorySize } from "../render/memory-size.ts";
import { expectedService, instancesOf, type Service } from "../render/service.ts";
import { resourceName, STEP_IDS } from "../steps/steps.ts";
import { encryptionBlock, stateSettings } from "./state-settings.ts";

/**
 * One environment: its instances, the proof that each is the one described, and the services that use them, in that order.
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
    new RenderProvider(this, "provider.render");
    new NullProvider(this, "provider.null");

    const limits = new Description(this, "checks", environment.checks);
    const instances = Object.entries(environment.redis).map(([key, described]) => {
      return { key, described, told: new Description(this, key, expectedInstance(environment, described, key)) };
    });
    const services = Object.entries(environment.services).map(([key, described]) => {
      const serviceId = described.id ?? serviceIdFromShell(this, key);
      const told = new Description(this, key, expectedService(described, serviceId, key));
      return { key, described, serviceId, told };
    });
    const preflight = new Step(this, "preflight", {
      given: {
        REDIS_INSTANCES: byKey(instances),
        REDIS_CHECKS: limits.json,
        SERVICES: byKey(services),
      },
      triggers: preflightTriggers(
        instances.map(({ told }) => told),
        services.map(({ told }) => told),
      ),
    });
    const proven = new Map<string, ProvenInstance>();
    for (const { key, described, told } of instances) {
      const redis = new RedisInstance(this, key, { ...described, after: [preflight.done] });
      this.#outputs(key, redis);
      const users = services.filter((service) => instancesOf(service.described).includes(key));
      const others = services.filter((service) => !users.includes(service));
      const checks = new Step(this, "checks", {
        of: key,
        given: {
          REDIS_INSTANCE_ID: redis.id,
          REDIS_EXPECTED: told.json,
          REDIS_CHECKS: limits.json,
          SERVICE_IDS: Fn.jsonencode([...users, ...others].map((service) => service.told.value("serviceId"))),
        },
        triggers: { instance_id: redis.id, ...told.triggers(["environment", "key"]), checks: limits.json },
        follows: redis.address,
      });
      const drainer = services.find((service) => key in service.described.drain);
      // What comes between it and the instance is removed before it runs.
      const drained =
        drainer &&
        new Step(this, "drain", {
          of: key,
          given: {
            REDIS_INSTANCE_ID: trigger("instance_id"),
            BACKEND_DRAIN_COMMAND: drainer.described.drain[key] ?? "",
            BACKEND_KEY: drainer.key,
            BACKEND_SERVICE_ID: drainer.described.id,
          },
          // Only the instance: any other change would drain an instance that stays.
          triggers: { instance_id: redis.id },
          after: [checks.done],
        });
      proven.set(key, { key, redis, told, drainer: drainer?.key, done: (drained ?? checks).done, users: [] });
    }

    let before: readonly ITerraformDependable[] = [];
    for (const service of services) {
      const used = instancesOf(service.described).flatMap((key) => proven.get(key) ?? []);
      const { rollOut, proof } = this.#wire(service, used, proven, limits, before);
      for (const instance of used) instance.users.push(rollOut);
      before = [proof];
    }
    for (const { key, redis, drainer, users } of proven.values()) {
      const service = services.find((one) => one.key === drainer);
      if (service === undefined) continue;
      new Step(this, "hand_over", {
        of: key,
        given: {
          REDIS_INSTANCE_ID: redis.id,
          REDIS_ADDRESS: redis.address,
          BACKEND_SERVICE_ID: service.serviceId,
          BACKEND_DRAIN_COMMAND: service.described.drain[key] ?? "",
        },
        // Only the instance; its name changes in place.
        triggers: { instance_id: redis.id },
        // All that use it have left the one before.
        after: users,
      });
    }
    this.#move([...instances, ...services]);
  }

  /** Gives a service its variables, and rolls it out, after the services before it. */
  #wire(
    { key, described, serviceId, told }: DescribedService,
    used: readonly ProvenInstance[],
    all: ReadonlyMap<string, ProvenInstance>,
    limits: Description,
    before: readonly ITerraformDependable[],
  ) {
    const drains = Object.entries(described.drain).map(([instance, command]) => [
      all.get(instance)?.redis.address,
      command,
    ]);
    const left = new Step(this, "leave", {
      of: key,
      given: {
        BACKEND_SERVICE_ID: trigger("service_id"),
        BACKEND_ROLL_OUT_SECONDS: String(described.rollOutSeconds),
        BACKEND_DRAINS: drains.length === 0 ? undefined : JSON.stringify(Object.fromEntries(drains)),
      },
      triggers: { service_id: serviceId },
      keyedBy: "service_id",
      after: used.map(({ done }) => done),
    });
    const uses = Object.entries(described.uses).flatMap(([variable, use]) => {
      const redis = all.get(use.redis)?.redis;
      return redis === undefined ? [] : [{ variable, ...use, redis }];
    });
    // The group is created after it, and so is gone when the service is rolled out without it.
    const { groupId, linked, linkAddress } = new ServiceEnv(this, key, {
      groupName: described.groupName,
      serviceId,
      uses: Object.fromEntries(uses.map(({ variable, ...use }) => [variable, use])),
      env: described.env,
      after: [left.done, ...before],
    });
    const triggers: Record<string, string | undefined> = {
      service_id: serviceId,
      group_id: groupId,
      env: told.field("env"),
    };
    for (const { variable, redis, ...use } of uses) {
      const name = variable.toLowerCase();
      const value = redis.valueFor(use);
      const isSecret = redis.instance.internalAuthentication && (use.as === "url" || use.as === "password");
      // Of a password its hash: that changes with it, and says nothing.
      triggers[name in triggers ? `uses_${variable}` : name] = isSecret ? Fn.nonsensitive(Fn.sha256(value)) : value;
    }
    const rollOut = new Step(this, "roll_out", {
      of: key,
      given: { BACKEND_EXPECTED: told.json, BACKEND_GROUP_ID: groupId },
      triggers,
      follows: linkAddress,
      after: [linked],
    });
    const instances = used.map(({ key: name, redis, told: instance }) => [
      name,
      Fn.merge([instance.value(), { id: redis.id }]),
    ]);
    const proof = new Step(this, "proof", {
      of: key,
      given: {
        REDIS_INSTANCES: Fn.jsonencode(Object.fromEntries(instances)),
        REDIS_CHECKS: limits.json,
        BACKEND_EXPECTED: told.json,
      },
      // Not its keys, which are the environment's file's own: another one changes nothing.
      triggers: { roll_out: rollOut.run, ...told.triggers(["key", "uses", "drain", "env", "rollOutSeconds"]) },
    });
    return { rollOut: rollOut.done, proof: proof.done };
  }

  /** Of an instance; those of the short form's have no key before them. */
  #outputs(key: string, redis: RedisInstance): void {
    const { plan, deletionProtection, evictionPolicy } = redis.instance;
    const outputs: Readonly<Record<string, TerraformOutputConfig>> = {
      instance_id: { value: redis.id },
      plan: { value: plan },
      // A plan shows how outputs change, and the review tells by this one that the protection is removed.
      deletion_protection: { value: deletionProtection },
      eviction_policy: { value: evictionPolicy },
      memory: { value: redis.memory === undefined ? "by contract" : formatMemorySize(redis.memory) },
      internal_url: { value: redis.internalUrl, sensitive: true },
      external_url: { value: redis.externalUrl, sensitive: true },
    };
    for (const [name, config] of Object.entries(outputs)) {
      const id = key === "redis" ? name : `${key}_${name}`;
      new TerraformOutput(this, `output.${id}`, config).overrideLogicalId(id);
    }
  }

  /** Another key for what exists: Terraform moves it, where it would destroy it and create it again. */
  #move(
    entries: readonly { readonly key: string; readonly described: { readonly formerly?: string | undefined } }[],
  ): void {
    const renamed = entries.filter(({ described }) => described.formerly !== undefined);
    const moved = renamed.flatMap(({ key, described: { formerly = "" } }) => {
      const own = new RegExp(`^(\\w+\\.)${key}(_(?:${STEP_IDS.map((step) => resourceName(step)).join("|")}))?$`);
      return this.node.findAll().flatMap((construct) => {
        if (!TerraformResource.isTerraformResource(construct)) return [];
        const to = `${construct.terraformResourceType}.${construct.friendlyUniqueId}`;
        const [, type, step = ""] = own.exec(to) ?? [];
        return type === undefined ? [] : [{ from: `${type}${formerly}${step}`, to }];
      });
    });
    if (moved.length > 0) this.addOverride("moved", moved);
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

interface DescribedService {
  readonly key: string;
  readonly described: Service;
  readonly serviceId: string;
  readonly told: Description;
}

interface ProvenInstance {
  readonly key: string;
  readonly redis: RedisInstance;
  readonly told: Description;
  /** The service that drains it. */
  readonly drainer: string | undefined;
  /** What the services that use it come after. */
  readonly done: ITerraformDependable;
  /** Their roll-outs. */
  readonly users: ITerraformDependable[];
}

function byKey(all: readonly { readonly key: string; readonly told: Description }[]): string {
  return Fn.jsonencode(Object.fromEntries(all.map(({ key, told }) => [key, told.value()])));
}

/**
 * What preflight judges, without the keys, and not again for a new name: Render keeps the instance and the group, and
 * under their former names they could not be told from somebody else's.
 */
function preflightTriggers(instances: readonly Description[], services: readonly Description[]) {
  const proven = namesOf(INSTANCE).filter((name) => name !== "name");
  const variables = services.map((service) => Fn.keys(service.value("uses")));
  return Object.fromEntries([
    ...proven.map((name) => [separated(name, "_"), fieldOfAll(instances, name)]),
    ...["name", "serviceId", "env", "healthPath"].map((name) => [
      name === "serviceId" ? "service_id" : `service_${separated(name, "_")}`,
      fieldOfAll(services, name),
    ]),
    ["service_variables", services.length === 0 ? undefined : Fn.jsonencode(variables)],
    [
      "service_drains",
      services.length === 0 ? undefined : Fn.jsonencode(services.map((service) => Fn.values(service.value("drain")))),
    ],
  ]);
}
