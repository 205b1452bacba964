import { networkBehind, openToTheWorld } from "../render/exposure.ts";
import { describePlan } from "../render/plans.ts";
import { holdsToken, NEVER_EVICT, type Region } from "../render/spellings.ts";
import type { KeyvalueConfig } from "./render/keyvalue.ts";

/** What the rules judge: an environment as it is about to be synthesized. */
export interface PolicySubject {
  readonly environment: string;
  /** Whether people depend on it. */
  readonly isProduction: boolean;
  /** Terraform's kind of backend, which keeps the state. */
  readonly stateType: string;
  /** What looks like a secret among the services' variables, by name: the end of a sentence. */
  readonly secrets: readonly string[];
  /** Every instance in the stack, as it is configured. */
  readonly instances: readonly {
    readonly address: string;
    readonly config: KeyvalueConfig;
    /** Whether it may evict and begin empty. What nobody calls a cache is a queue. */
    readonly isCache: boolean;
    /** The services that use it, with where they run, when the environment says so. */
    readonly users: readonly { readonly name: string; readonly region?: Region | undefined }[];
  }[];
  /** Whether there is any service that could use an instance. */
  readonly hasServices: boolean;
}

/** One rule of the policy: a pure function, and what a person needs to agree or to object. */
export interface PolicyRule {
  /** What an exception names. Never changes. */
  readonly id: string;
  /** An error stops the synthesis; a warning stands in the review. */
  readonly severity: "error" | "warning";
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  /** What is wrong, with the value, as the end of a sentence; nothing when the rule holds or does not apply. */
  readonly violations: (subject: PolicySubject) => readonly string[];
}

type Instance = PolicySubject["instances"][number];

/** A violation for each instance that breaks a rule. */
function eachInstance(breaks: (instance: Instance, subject: PolicySubject) => string | undefined) {
  return (subject: PolicySubject) =>
    subject.instances.flatMap((instance) => {
      const broken = breaks(instance, subject);
      return broken === undefined ? [] : [`${instance.address} ${broken}`];
    });
}

/** The same, where it is a matter of production. */
function inProduction(breaks: (config: Instance["config"], instance: Instance) => string | undefined) {
  return eachInstance((instance, { isProduction }) => (isProduction ? breaks(instance.config, instance) : undefined));
}

/** What cannot be judged here does not hold. */
function unknownUntilApply(name: string, value: string | undefined): string | undefined {
  return holdsToken(value) ? `has a ${name} that only the apply knows` : undefined;
}

function worldBlocks({ ipAllowList = [] }: Instance["config"]): string | undefined {
  const blocks = openToTheWorld(ipAllowList.map(({ cidrBlock }) => cidrBlock));
  return blocks.length === 0 ? undefined : `allows ${blocks.join(" and ")}`;
}

/** The policy. Each rule is judged on the instances in the stack, so that none gets past it by another construct. */
export const policyRules: readonly PolicyRule[] = [
  {
    id: "queues-never-evict",
    severity: "error",
    what: "A queue never evicts.",
    why: "Any other policy lets Redis delete queued jobs when memory is full, silently.",
    remedy: 'Set redis.evictionPolicy to "noevict", or redis.role to "cache" if there are no queues in it.',
    violations: eachInstance(({ config: { maxMemoryPolicy }, isCache }) =>
      !isCache && maxMemoryPolicy !== NEVER_EVICT ? `has the eviction policy ${maxMemoryPolicy}` : undefined,
    ),
  },
  {
    id: "production-paid",
    severity: "error",
    what: "Production is not on a free plan.",
    why: "A free instance has 25 MB and no disk: every restart, which Render may do at any time, begins empty.",
    remedy: 'Set redis.plan to "starter" or a larger plan. Going there from free loses what is in the instance.',
    violations: inProduction(({ plan }) => (plan === "free" ? "is on the plan free" : unknownUntilApply("plan", plan))),
  },
  {
    id: "production-persists",
    severity: "error",
    what: "A queue in production is kept on disk.",
    why: "Without persistence a restart, for maintenance or for a larger plan, loses every job that waits.",
    remedy:
      'Set redis.persistence to "journal_snapshot". Switching it on loses what is in the instance. A cache (redis.role) needs ' +
      "none.",
    violations: inProduction(({ persistenceMode: mode }, { isCache }) => {
      if (isCache) return undefined;
      return mode === "off" ? "has persistence off" : unknownUntilApply("persistence", mode);
    }),
  },
  {
    id: "production-protected",
    severity: "error",
    what: "Production is protected from being destroyed.",
    why: "Render keeps no backup of an instance, and a change of the region alone makes Terraform destroy it.",
    remedy: "Set redis.deletionProtection to true.",
    violations: inProduction(({ lifecycle }) => (lifecycle?.preventDestroy ? undefined : "is not protected")),
  },
  {
    id: "production-not-open",
    severity: "error",
    what: "Production is not open to the world.",
    why:
      "Anyone on the internet may then try passwords; nothing else protects the data. A list counts as open that admits one " +
      "in 256 of all IPv4 addresses, or one in 65,536 of IPv6, all its blocks together.",
    remedy: "List the addresses that need access in redis.ipAllowList, or none: the service needs no entry.",
    violations: inProduction(worldBlocks),
  },
  {
    id: "not-open",
    severity: "warning",
    what: "An environment outside production is not open to the world.",
    why: "Test data is often a copy of real data, and an open Redis is found within hours. Open is as in production-not-open.",
    remedy: "List the addresses that need access in redis.ipAllowList.",
    violations: eachInstance(({ config }, { isProduction }) => (isProduction ? undefined : worldBlocks(config))),
  },
  {
    id: "host-bits",
    severity: "warning",
    what: "An allow list names each network by its first address.",
    why: "203.0.113.77/24 allows 256 addresses, where one may be meant, and Render may show it as 203.0.113.0/24.",
    remedy: "Write the network, or /32 (for IPv6 /128) for one address.",
    violations: ({ instances }) =>
      instances.flatMap(({ address, config: { ipAllowList = [] } }) =>
        ipAllowList.flatMap(({ cidrBlock }) => {
          const network = networkBehind(cidrBlock);
          return network === undefined ? [] : [`${address} allows ${cidrBlock}, which is ${network}`];
        }),
      ),
  },
  {
    id: "one-region",
    severity: "error",
    what: "An instance and the services that use it are in one region.",
    why: "Render's private network ends at the region: from another one the internal URL does not resolve.",
    remedy: "Set redis.region to the service's region. Changing it replaces the instance, which loses data.",
    violations: ({ instances }) =>
      instances.flatMap(({ address, config: { region }, users }) =>
        users
          .filter((user) => user.region !== undefined && user.region !== region)
          .map((user) => `${address} is in ${region}, and the service "${user.name}" in ${user.region}`),
      ),
  },
  {
    id: "instance-used",
    severity: "warning",
    what: "Every instance is used.",
    why: "It costs money, and no service of this environment reads it.",
    remedy: "Name it in the `uses` of a service, or remove it.",
    violations: eachInstance(({ users }, { hasServices }) =>
      hasServices && users.length === 0 ? "is used by no service" : undefined,
    ),
  },
  {
    id: "plan-written-out",
    severity: "error",
    what: "The plan of every instance is written out.",
    why: `Left out, Terraform's provider takes ${describePlan("pro_plus")}.`,
    remedy: "Give the instance a plan, or use RedisInstance, which asks for one.",
    violations: eachInstance(({ config: { plan } }) => (plan === undefined ? "names no plan" : undefined)),
  },
  {
    id: "production-remote-state",
    severity: "error",
    what: "Production does not keep its state in a local file.",
    why: "A file on one machine has no lock between people, is in nobody's backup, and a pipeline never sees it.",
    remedy:
      'Set state.type to "s3", "gcs", "azurerm", "pg", "http" or "hcp", and move the state: terraform init -migrate-state.',
    violations: ({ isProduction, stateType }) =>
      isProduction && stateType === "local" ? ["the state is a local file"] : [],
  },
  {
    id: "no-secrets-in-variables",
    severity: "error",
    what: "No variable of a service holds a secret.",
    why: "The environment's file, the Terraform and every review show it.",
    remedy: "Set it on the service itself, in Render's dashboard, and revoke what was committed.",
    violations: ({ secrets }) => secrets,
  },
];
