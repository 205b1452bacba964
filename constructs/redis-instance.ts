import { Fn, type ITerraformDependable, TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { INSTANCE, type Instance, type InstanceInput, instanceSchema } from "../render/instance.ts";
import { attributesOf } from "../render/instance-attributes.ts";
import { INTERNAL_PORT, internalUrl } from "../render/internal-url.ts";
import { mistakesIn } from "../render/mistakes.ts";
import { planFacts } from "../render/plans.ts";
import type { Use } from "../render/service.ts";
import { mistake } from "./mistake.ts";
import { Keyvalue } from "./render/keyvalue.ts";

export interface RedisInstanceProps extends InstanceInput {
  /** What must have happened before the instance is created or changed. Default nothing. */
  readonly after?: readonly ITerraformDependable[] | undefined;
}

/** An instance that is made here, or that exists: see {@link RedisInstance.fromId}. */
export interface IRedisInstance {
  /** `red-…` */
  readonly id: string;
  /** For services in the same region and workspace. */
  readonly internalUrl: string;
  /** What a variable of a service holds of it: its URL, which may name a database, its host, its port or its password. */
  valueFor(use: Omit<Use, "redis">): string;
}

/**
 * A Redis on Render: one Key Value instance, described completely.
 *
 * The plan is always written out, since the provider's default is `pro_plus`. The internal URL is built from the
 * instance's id, which never changes, so that an update of the instance does not show up as a change of everything
 * that uses the URL; a postcondition proves after each apply that Render gives the same URL.
 *
 * @throws Stop naming the property, what is allowed and the value, before anything is created.
 */
export class RedisInstance extends Construct implements IRedisInstance {
  /** An instance that exists, without internal authentication. @param id `red-…` */
  static fromId(id: string): IRedisInstance {
    return { id, internalUrl: internalUrl(id), valueFor: (use) => partOf({ id, internalUrl: internalUrl(id) }, use) };
  }

  /** What the instance is, everything decided. */
  readonly instance: Instance;
  /** Bytes of memory; `undefined` for a custom plan, and for one that only Terraform knows. */
  readonly memory: number | undefined;
  /** `red-…`, known after apply. */
  readonly id: string;
  /** For services in the same region and workspace. Sensitive only when internal authentication is on. */
  readonly internalUrl: string;
  /** `rediss://…` with the password in it: sensitive. Works only for clients on the allow list. */
  readonly externalUrl: string;

  constructor(scope: Construct, id: string, { after, ...input }: RedisInstanceProps) {
    super(scope, id);
    this.instance = this.#parse(input);
    const { plan, deletionProtection, internalAuthentication } = this.instance;
    this.memory = planFacts(plan)?.memory;
    const keyvalue = new Keyvalue(this, "Default", {
      ...attributesOf(this.instance),
      ...(after === undefined ? {} : { dependsOn: [...after] }),
      lifecycle: {
        // A replacement is proven, and the service switched to it, before the old one is destroyed. On the free plan Render
        // has room for one instance only, and refuses the second; the preflight says so before.
        createBeforeDestroy: true,
        ...(deletionProtection ? { preventDestroy: true } : {}),
        postcondition: [internalUrlIsAsBuilt(internalAuthentication)],
      },
    });
    this.id = keyvalue.id;
    this.internalUrl = internalAuthentication ? keyvalue.connectionInfo.internalConnectionString : internalUrl(this.id);
    this.externalUrl = keyvalue.connectionInfo.externalConnectionString;
  }

  valueFor(use: Omit<Use, "redis">): string {
    return partOf(this, use);
  }

  /** The Terraform address, for example `render_keyvalue.redis`. A contract: it never changes by accident. */
  get address(): string {
    return `render_keyvalue.${TerraformStack.of(this).getLogicalId(this.node)}`;
  }

  #parse(input: InstanceInput): Instance {
    const parsed = instanceSchema.safeParse(input);
    if (parsed.success) return parsed.data;
    const mistakes = mistakesIn(parsed.error, input, Object.keys(INSTANCE), (path) => [this.node.id, ...path]);
    throw mistake(mistakes.join(" "), this);
  }
}

function partOf(
  { id, internalUrl: url }: Pick<IRedisInstance, "id" | "internalUrl">,
  { as, database }: Omit<Use, "redis">,
) {
  switch (as) {
    case "url":
      return database === undefined ? url : `${url}/${database}`;
    case "host":
      return id;
    case "port":
      return String(INTERNAL_PORT);
    case "password":
      return Token.asString(Fn.element(Fn.regex("^redis://[^:@]*:([^@]*)@", url), 0));
  }
}

/** Proves, whenever Terraform reads the instance, that the URL handed to the service is the one Render gives. */
function internalUrlIsAsBuilt(internalAuthentication: boolean) {
  const operator = internalAuthentication ? "!=" : "==";
  const built = `"${internalUrl(`\${self.id}`)}"`;
  return {
    condition: `\${self.connection_info.internal_connection_string ${operator} ${built}}`,
    errorMessage: internalAuthentication
      ? "Render's internal URL has no password: internal authentication is off. Switch it on in Render's dashboard, or set redis.internalAuthentication to false."
      : "Render's internal URL is not redis://<id>:6379: internal authentication is on. Set redis.internalAuthentication to true, or switch it off in Render's dashboard.",
  };
}
