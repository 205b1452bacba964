import { z } from "zod";
import { InvalidValue } from "../runtime/errors.ts";
import { isProduction, type NamedEnvironment } from "./exposure.ts";
import { type Field, orIssue, provenOf, provenShapeOf, separated, shapeOf, spelled, written } from "./field.ts";
import { type MemorySize, parseMemorySize } from "./memory-size.ts";
import {
  choosePersistence,
  choosePlan,
  isCustomPlan,
  knownPlan,
  type Plan,
  type PlanSpelling,
  parsePlan,
  smallestPlanWith,
} from "./plans.ts";
import {
  CACHE_EVICTION,
  type EvictionPolicy,
  holdsToken,
  NEVER_EVICT,
  type PersistenceMode,
  parseEvictionPolicy,
  parsePersistenceMode,
  parseQueueLibrary,
  parseRegion,
  parseRole,
  QUEUE_LIBRARIES,
  type QueueLibrary,
  type Region,
  type Role,
  type WithHyphens,
} from "./spellings.ts";

/** What changing a field does. The review, docs/environment.md and the docstrings use these words and no others. */
export const EFFECTS = {
  none: "no effect on data",
  restarts: "restarts",
  loses: "loses data",
  replaces: "replaces",
} as const;

export type Effect = keyof typeof EFFECTS;

/** What changing a field does. */
export interface Change {
  /** Each effect with the case in which it happens; empty when it always does. */
  readonly changing: { readonly [E in Effect]?: string };
  /** For what restarts: how long Redis is away, by Render's documentation. */
  readonly away?: string;
}

/** What the API shows of an instance, as far as it is compared. */
interface Shown {
  readonly name: string;
  readonly region: string;
  readonly plan: string;
  readonly options: {
    readonly maxmemoryPolicy?: string | null | undefined;
    readonly persistenceMode?: string | null | undefined;
  };
}

export interface InstanceField extends Field, Change {
  /** The attribute of `render_keyvalue`; absent for what only this project knows. */
  readonly terraform?: string;
  /** What the API shows of it, in this project's spelling. The check of the identity compares it with what is wanted. */
  readonly api?: (shown: Shown, wanted: string) => string | null | undefined;
}

const UNDOCUMENTED = "Expect one or two minutes of downtime (Render does not document how long)";

const cidrBlock = z.string().superRefine((block, context) => {
  if (holdsToken(block) || z.union([z.cidrv4(), z.cidrv6()]).safeParse(block).success) return;
  const bare = z.union([z.ipv4(), z.ipv6()]).safeParse(block).success;
  const hint = bare ? `Did you mean "${block}/${block.includes(":") ? 128 : 32}"?` : undefined;
  orIssue(context, () => {
    throw new InvalidValue('must be a CIDR block such as "203.0.113.7/32"', block, hint);
  });
});

/**
 * An instance, field by field, in the order in which Terraform, triggers and reports show them.
 *
 * @see https://render.com/docs/key-value
 */
export const INSTANCE = {
  /** The name on Render, not unique there. Changing it: no effect on data. */
  name: {
    schema: written("must be a name of 1 to 100 characters", /^\S(.{0,98}\S)?$/),
    what: "the instance's name on Render",
    changing: { none: "" },
    terraform: "name",
    api: ({ name }) => name,
    proven: true,
  },
  /**
   * Where the instance runs. Render's private network ends at the region, so it must be the service's.
   * Changing it: replaces, which loses data and gives a new URL.
   */
  region: {
    schema: spelled<Region, Region>(parseRegion),
    what: "`frankfurt`, `ohio`, `oregon`, `singapore`, `virginia`; the service's",
    changing: { replaces: "", loses: "" },
    terraform: "region",
    api: ({ region }) => region,
    proven: true,
  },
  /**
   * Size, connection limit and price in one. Left out, the smallest plan with the memory. Changing it: restarts; from
   * `free`: loses data. Render refuses a smaller plan at apply; Terraform's plan does not warn.
   */
  plan: {
    schema: spelled<PlanSpelling, Plan>(parsePlan).optional(),
    what: "one of the plans below; `1g` and the other newer names are read too; never a smaller one",
    otherwise: "the smallest with the memory",
    changing: { restarts: "", loses: "from `free`" },
    away: "Expect one or two minutes of downtime, and the loss of up to a second of writes",
    terraform: "plan",
    // `custom` stands for every plan made by contract.
    api: ({ plan }, wanted) => (plan === "custom" && isCustomPlan(wanted) ? wanted : (knownPlan(plan) ?? plan)),
    proven: true,
  },
  /** The memory that the plan must have, for example `"1 GB"`. Render has no memory setting of its own. */
  memory: {
    schema: spelled<MemorySize, number>(parseMemorySize).optional(),
    what: '`"1 GB"`: instead of the plan, or to make sure of it',
    otherwise: "the plan's",
    changing: { restarts: "", loses: "from `free`" },
  },
  /**
   * What it is for. A queue never evicts, persists in production, and has room left. A cache may evict, be full and begin
   * empty. Default a queue. Changing it: no effect on data.
   */
  role: {
    schema: spelled<Role, Role>(parseRole).prefault("queue"),
    what: "`queue` or `cache`: what the rules and the checks ask of it",
    otherwise: "`queue`",
    changing: { none: "" },
    proven: true,
  },
  /**
   * The libraries whose queues are in it: the checks try what each needs. Default Bull and BullMQ. Changing it: no effect
   * on data.
   */
  queues: {
    schema: z.array(spelled<QueueLibrary, QueueLibrary>(parseQueueLibrary)).readonly().optional(),
    what: `whose queues are in it: ${QUEUE_LIBRARIES.map((name) => `\`${name}\``).join(", ")}`,
    otherwise: "`bullmq` and `bull`",
    changing: { none: "" },
    proven: true,
  },
  /**
   * What Redis does when its memory is full. A queue needs never-evict: every other policy deletes accepted jobs without
   * an error. Default never evict, and for a cache `allkeys_lru`. Changing it: restarts.
   */
  evictionPolicy: {
    schema: spelled<EvictionPolicy | WithHyphens<EvictionPolicy> | "noevict", EvictionPolicy>(
      parseEvictionPolicy,
    ).optional(),
    what: "`noevict`, or one of Redis's",
    otherwise: "`noeviction`; of a cache `allkeys_lru`",
    changing: { restarts: "" },
    away: UNDOCUMENTED,
    terraform: "max_memory_policy",
    api: ({ options }) => options.maxmemoryPolicy,
    proven: true,
  },
  /**
   * How data is kept on disk. Left out, `journal_snapshot` where one pays, and `off` on `free`. Changing it: restarts; to or
   * from `off`: loses data.
   */
  persistence: {
    schema: spelled<PersistenceMode | WithHyphens<PersistenceMode>, PersistenceMode>(parsePersistenceMode).optional(),
    what: "`journal_snapshot`, `snapshot`, `off`",
    otherwise: "the plan's",
    changing: { restarts: "", loses: "to or from `off`" },
    away: UNDOCUMENTED,
    terraform: "persistence_mode",
    api: ({ options }) => options.persistenceMode,
    proven: true,
  },
  /** Who may connect from outside Render, over TLS and with the password. Default nobody. Changing it: no effect on data. */
  ipAllowList: {
    schema: z
      .array(z.strictObject({ cidrBlock, description: written("must be a description", /\S/) }))
      .readonly()
      .prefault([]),
    what: "who may connect from outside Render: `cidrBlock`, `description`",
    otherwise: "nobody",
    changing: { none: "" },
    terraform: "ip_allow_list",
    proven: true,
  },
  /** The Render environment (`evm-…`) to put it into. Default none. Changing it: no effect on data. */
  environmentId: {
    schema: written('must be an environment\'s id such as "evm-…"', /^evm-[a-z0-9]{20}$/).optional(),
    what: "a Render environment, `evm-…`",
    otherwise: "none",
    changing: { none: "" },
    terraform: "environment_id",
    proven: true,
  },
  /** Whether Terraform refuses every plan that destroys or replaces it. Default yes. Changing it: no effect on data. */
  deletionProtection: {
    schema: z.boolean().prefault(true),
    what: "Terraform refuses to destroy or replace the instance",
    otherwise: "`true`",
    changing: { none: "" },
  },
  /**
   * Whether internal authentication was switched on, which only Render's dashboard can do. The internal URL then holds a
   * password, so it is taken from Render, and every plan that changes the instance shows it as changing. Default no.
   */
  internalAuthentication: {
    schema: z.boolean().prefault(false),
    what: "whether it was switched on in Render's dashboard",
    otherwise: "`false`",
    changing: { none: "" },
    proven: true,
  },
  /** The key that it had before: what exists is moved to the new one, and nothing else happens. Changing it: no effect on data. */
  formerly: {
    schema: written("must be the key that it had", /^[a-z][a-z0-9_]*$/).optional(),
    what: "the key that it had before: what exists is moved",
    otherwise: "none",
    changing: { none: "" },
  },
} as const satisfies Readonly<Record<string, InstanceField>>;

/** The same, for those who go through all fields. */
export const INSTANCE_FIELDS: Readonly<Record<string, InstanceField>> = INSTANCE;

/** Reads an instance as people write it, and decides its plan and its persistence. */
export const instanceSchema = z.strictObject(shapeOf(INSTANCE)).transform(({ memory, ...rest }, context) => {
  const tooMuch = memory !== undefined && smallestPlanWith(memory) === undefined;
  const path = tooMuch || (rest.plan === undefined && memory !== undefined) ? "memory" : "plan";
  const plan = orIssue(context, () => choosePlan(rest.plan, memory), [path]);
  const persistence = orIssue(context, () => choosePersistence(plan, rest.persistence), ["persistence"]);
  const evictionPolicy = rest.evictionPolicy ?? (isCache(rest) ? CACHE_EVICTION : NEVER_EVICT);
  if (isCache(rest) && rest.queues !== undefined) {
    const message = `must be left out: a cache has no queues. Remove it, or set role to "queue".`;
    context.addIssue({ code: "custom", message, path: ["queues"] });
  }
  return { ...rest, plan, evictionPolicy, persistence };
});

/** Whether it is a cache, so that it may evict, be full and begin empty. */
export function isCache({ role }: { readonly role?: Role | undefined }): boolean {
  return role === "cache";
}

/** An instance as people write it: in an environment's file, or as the properties of `RedisInstance`. */
export interface InstanceInput extends z.input<typeof instanceSchema> {}

/** An instance with everything decided, in Render's spelling. */
export interface Instance extends z.output<typeof instanceSchema> {}

/** What an instance should be: what the steps are told, and the checks prove. */
export const expectedInstanceSchema = z
  .object({
    /** The environment that describes it: `production`. */
    environment: z.string().min(1),
    /** Its key there, unless that is `redis`. */
    key: z.string().optional(),
    /** Whether people depend on it, where its name does not say so. */
    production: z.boolean().optional(),
    ...provenShapeOf(INSTANCE),
  })
  .required({ plan: true, evictionPolicy: true, persistence: true })
  .partial({ role: true });

export interface ExpectedInstance extends Readonly<z.output<typeof expectedInstanceSchema>> {}

export function expectedInstance(environment: NamedEnvironment, instance: Instance, key = "redis"): ExpectedInstance {
  const { name, production } = environment;
  const said = isProduction(environment) === isProduction({ name }) ? {} : { production };
  return { environment: name, ...(key === "redis" ? {} : { key }), ...said, ...toldOf(instance) };
}

/** The libraries whose queues are in it. */
export function queuesOf({ role, queues }: Pick<ExpectedInstance, "role" | "queues">): readonly QueueLibrary[] {
  return isCache({ role }) ? [] : (queues ?? ["bullmq", "bull"]);
}

/** Whether it may evict, so that full memory refuses nothing. */
export function mayEvict({ role, evictionPolicy }: Pick<ExpectedInstance, "role" | "evictionPolicy">): boolean {
  return isCache({ role }) && evictionPolicy !== NEVER_EVICT;
}

/** What is proven of it. That it is a queue goes without saying, as before there were roles. */
function toldOf(instance: Instance) {
  const { role, ...told } = provenOf(INSTANCE, instance);
  return { ...told, ...(isCache(instance) ? { role } : {}) };
}

/** A text for each field that is proven: when one changes, the checks run again. */
export function triggersOf(instance: Instance): Record<string, string> {
  const texts = Object.entries(toldOf(instance)).map(([name, value]) => {
    return [separated(name, "_"), typeof value === "string" ? value : JSON.stringify(value)];
  });
  return Object.fromEntries(texts);
}

/** What is compared with the API's answer. */
export interface Comparison {
  readonly field: string;
  readonly wanted: string;
  readonly actual: string | null | undefined;
}

/** The fields that an instance is told by, as they should be and as Render shows them. */
export function comparisonsOf(expected: ExpectedInstance, shown: Shown): Comparison[] {
  return Object.entries(INSTANCE_FIELDS).flatMap(([name, { api }]) => {
    const wanted = new Map<string, unknown>(Object.entries(expected)).get(name);
    if (api === undefined || typeof wanted !== "string") return [];
    return [{ field: separated(name, " "), wanted, actual: api(shown, wanted) }];
  });
}
