import { type ITerraformDependable, TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import type { InstanceDescription } from "../render/instance-description.ts";
import { choosePersistence, choosePlan, planFacts } from "../render/plans.ts";
import { type EvictionPolicy, NEVER_EVICT, parseEvictionPolicy, parseRegion } from "../render/spellings.ts";
import { InvalidValue } from "../runtime/errors.ts";
import type { EnvVar } from "./render/env-group.ts";
import { type IpAllowListEntry, Keyvalue } from "./render/keyvalue.ts";
import { ValidationError } from "./validation-error.ts";

/** The port of every instance in Render's private network. */
const INTERNAL_PORT = 6379;

export interface RedisInstanceProps {
  /** The name on Render, not unique there. Changing it: no effect on data. */
  readonly name: string;
  /**
   * Where the instance runs. Render's private network ends at the region, so it must be the backend's.
   * Changing it: replaces, which loses data and gives a new URL.
   */
  readonly region: string;
  /**
   * Size, connection limit and price in one. Changing it upwards: restarts, a minute or two without Redis; from
   * `free`: loses data. Downwards Render refuses, though Terraform plans it without a word.
   *
   * @default - the smallest plan with the memory; one of the two must be given
   */
  readonly plan?: string | undefined;
  /**
   * The memory that the plan must have, for example `"1 GB"`. Render has no memory setting of its own.
   *
   * @default - the plan's
   */
  readonly memory?: string | undefined;
  /**
   * What Redis does when its memory is full. Queues need never-evict: every other policy throws accepted jobs away
   * without an error. Changing it: restarts.
   *
   * @default noeviction
   */
  readonly evictionPolicy?: string | undefined;
  /**
   * How data is kept on disk. Changing it: restarts; to or from `off`: loses data.
   *
   * @default - the plan's: `journal_snapshot` where one pays, `off` on `free`
   */
  readonly persistence?: string | undefined;
  /**
   * Who may connect from outside Render, over TLS and with the password. Changing it: no effect on data.
   *
   * @default - nobody
   */
  readonly ipAllowList?: readonly IpAllowListEntry[] | undefined;
  /** The Render environment (`evm-…`) to put it into. Changing it: no effect on data. */
  readonly environmentId?: string | undefined;
  /**
   * Whether Terraform refuses every plan that destroys or replaces the instance. Changing it: no effect on data.
   *
   * @default true
   */
  readonly deletionProtection?: boolean | undefined;
  /**
   * Whether internal authentication was switched on, which only Render's dashboard can do. The internal URL then
   * holds a password, so it is taken from Render, and every plan that changes the instance shows it as changing.
   *
   * @default false
   */
  readonly internalAuthentication?: boolean | undefined;
  /**
   * What must have happened before the instance is created or changed.
   *
   * @default - nothing
   */
  readonly after?: readonly ITerraformDependable[] | undefined;
}

/**
 * A Redis on Render: one Key Value instance, described completely.
 *
 * The plan is always written out, since the provider's default costs $250 a month. The internal URL is built from the
 * instance's id, which never changes, so that an update of the instance does not show up as a change of everything
 * that uses the URL; a postcondition proves after each apply that Render gives the same URL.
 *
 * @throws ValidationError naming the property, what is allowed and the value, before anything is created.
 */
export class RedisInstance extends Construct {
  /** What the instance is, everything decided; what the checks prove. */
  readonly description: Omit<InstanceDescription, "environment">;
  /** Bytes of memory; `undefined` for a custom plan. */
  readonly memory: number | undefined;
  /** `red-…`, known after apply. */
  readonly id: string;
  /** For services in the same region and workspace. Sensitive only when internal authentication is on. */
  readonly internalUrl: string;
  /** `rediss://…` with the password in it: sensitive. Works only for clients on the allow list. */
  readonly externalUrl: string;

  constructor(scope: Construct, id: string, props: RedisInstanceProps) {
    super(scope, id);
    this.description = describe(this, props);
    this.memory = planFacts(this.description.plan)?.memory;

    const keyvalue = new Keyvalue(this, "Default", {
      name: this.description.name,
      plan: this.description.plan,
      region: this.description.region,
      maxMemoryPolicy: this.description.evictionPolicy,
      persistenceMode: this.description.persistence,
      ipAllowList: this.description.ipAllowList,
      ...(props.environmentId === undefined ? {} : { environmentId: props.environmentId }),
      ...(props.after === undefined ? {} : { dependsOn: [...props.after] }),
      lifecycle: {
        // A replacement is proven, and the backend switched to it, before the old one goes. On the free plan Render has
        // room for one instance only, and refuses the second; the preflight says so before.
        createBeforeDestroy: true,
        ...((props.deletionProtection ?? true) ? { preventDestroy: true } : {}),
        postcondition: [internalUrlIsAsBuilt(this.description.internalAuthentication)],
      },
    });

    this.id = keyvalue.id;
    this.internalUrl = this.description.internalAuthentication
      ? keyvalue.connectionInfo.internalConnectionString
      : `redis://${this.id}:${INTERNAL_PORT}`;
    this.externalUrl = keyvalue.connectionInfo.externalConnectionString;
  }

  /** What a backend reads, for an environment group or the `env_vars` of a service in the same app. */
  envVars(): { readonly REDIS_URL: EnvVar } {
    return { REDIS_URL: { value: this.internalUrl } };
  }

  /** The Terraform address, for example `render_keyvalue.redis`. A contract: it never changes by accident. */
  get address(): string {
    return `render_keyvalue.${TerraformStack.of(this).getLogicalId(this.node)}`;
  }
}

function describe(scope: Construct, props: RedisInstanceProps): RedisInstance["description"] {
  const property = <T>(name: string, decide: () => T): T => {
    try {
      return decide();
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      throw new ValidationError(`\`${scope.node.id}.${name}\` ${error.message}`, scope);
    }
  };
  const plan = property("plan", () => choosePlan(props));
  return {
    name: property("name", () => nonEmpty(props.name)),
    region: property("region", () => parseRegion(props.region)),
    plan,
    evictionPolicy: property(
      "evictionPolicy",
      (): EvictionPolicy =>
        props.evictionPolicy === undefined ? NEVER_EVICT : parseEvictionPolicy(props.evictionPolicy),
    ),
    persistence: property("persistence", () => choosePersistence(plan, props.persistence)),
    ipAllowList: [...(props.ipAllowList ?? [])],
    internalAuthentication: props.internalAuthentication ?? false,
  };
}

function nonEmpty(name: string): string {
  if (Token.isUnresolved(name) || name.trim() !== "") return name;
  throw new InvalidValue("must not be empty", name);
}

/** Proves, whenever Terraform reads the instance, that the URL handed to the backend is the one Render gives. */
function internalUrlIsAsBuilt(internalAuthentication: boolean) {
  const operator = internalAuthentication ? "!=" : "==";
  const built = `"redis://\${self.id}:${INTERNAL_PORT}"`;
  return {
    condition: `\${self.connection_info.internal_connection_string ${operator} ${built}}`,
    errorMessage: internalAuthentication
      ? "Render's internal URL has no password: internal authentication is off. Switch it on in Render's dashboard, or set redis.internalAuthentication to false."
      : "Render's internal URL is not redis://<id>:6379: internal authentication is on. Set redis.internalAuthentication to true, or switch it off in Render's dashboard.",
  };
}
