import type { RenderClient } from "../render/api/client.ts";
import { API, type KeyValue, type Owner, type RenderEnvironment, type Service } from "../render/api/endpoints.ts";
import { isLinkedTo } from "../render/api/env-groups.ts";
import { unlessMissing } from "../render/api/error.ts";
import { gatherServiceFacts, type ServiceFacts } from "../render/api/service-facts.ts";
import { describeTarget } from "../render/api/target.ts";
import { healthAddress } from "../render/health-address.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import { describePlan, isDowngrade, knownPlan } from "../render/plans.ts";
import { type ExpectedService, instancesOf, whereIdIsSet } from "../render/service.ts";
import { findGroups, findInstances, type Namesakes, reportStrangers, type StackState } from "../render/strangers.ts";
import { instanceAddress } from "../render/terraform-state.ts";

/** What a deploy would set up. */
export interface Intent extends EnvironmentAim {
  /** By their keys. */
  readonly instances: Readonly<Record<string, ExpectedInstance>>;
  readonly services: Readonly<Record<string, ExpectedService>>;
}

interface EnvironmentAim {
  /** Whether the deploy goes on although nobody could look at the instance. */
  readonly acceptUnknown: boolean;
  /** The workspace to deploy into: `RENDER_OWNER_ID`. */
  readonly ownerId: string;
}
interface InstanceAim extends EnvironmentAim {
  readonly redis: ExpectedInstance;
}
interface ServiceAim extends EnvironmentAim {
  readonly wanted: ExpectedService;
}

/** A service, and an instance that it uses. */
export type UseAim = InstanceAim & ServiceAim;

interface EnvironmentFacts {
  /** The workspaces that the key can work in. */
  readonly owners: readonly Owner[];
  /** All instances of the workspace. */
  readonly instances: readonly KeyValue[];
  /** Where Terraform runs. */
  readonly directory: string;
}
interface InstanceFacts extends EnvironmentFacts {
  /** What has our name, and whether it is ours. */
  readonly instanceNames: Namesakes;
  /** The services whose one-off jobs may look from inside; `undefined` where none that is described exists. */
  readonly lookers: readonly Service[] | undefined;
}
interface OwnServiceFacts extends EnvironmentFacts, ServiceFacts {
  readonly groupNames: Namesakes;
}

/** What is on Render before a deploy. It holds values of variables: for judging, never for showing. */
export interface UseFacts extends InstanceFacts, OwnServiceFacts {
  /** Render's environments that the service is in, and the instance is to be in. */
  readonly renderEnvironments: readonly RenderEnvironment[];
}

/** Why a deploy must not begin, and what to do about it. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
  /** Set where it could not be established whether there is a reason. */
  readonly unknown?: true;
}

/** One thing that must hold before anything is changed. */
interface RuleOf<About extends string, Facts, Aim> {
  /** What it is judged of: of each there is. */
  readonly about: About;
  /** What holds when nothing is refused. */
  readonly title: string;
  /** Why it does not apply; nothing when it does. */
  readonly skip?: (facts: Facts, aim: Aim) => string | undefined;
  readonly refuse: (facts: Facts, aim: Aim) => readonly Refusal[];
}

type Rule =
  | RuleOf<"environment", EnvironmentFacts, EnvironmentAim>
  | RuleOf<"instance", InstanceFacts, InstanceAim>
  | RuleOf<"service", OwnServiceFacts, ServiceAim>
  | RuleOf<"use", UseFacts, UseAim>;

/** What came of one rule; no refusals when it holds, or when it was skipped. */
export interface PreflightResult {
  readonly title: string;
  readonly skipped?: string | undefined;
  readonly refusals: readonly Refusal[];
}

/** Where a service's id is set. */
const idOf = ({ key }: ExpectedService) => {
  const { field, variable } = whereIdIsSet(key);
  return `${field}, or ${variable}`;
};
const NO_SERVICE = "there is no such service";
const unlessFound = ({ service }: Pick<ServiceFacts, "service">) => (service === undefined ? NO_SERVICE : undefined);
const refusal = (reason: string, remedy: string): readonly Refusal[] => [{ reason, remedy }];

/** Refuses what the state does not know: it may be somebody else's. */
function refuseStrangers(names: Namesakes, directory: string): readonly Refusal[] {
  if (names.strangers === undefined) {
    const reason = `the state cannot be read, so it is not known whether the ${names.what} is ours: ${names.ids.join(", ")}`;
    return [{ reason, remedy: `Plan once, which sets Terraform up in ${directory}; then ask again.`, unknown: true }];
  }
  const report = reportStrangers(names, directory);
  return report === undefined ? [] : [report];
}

/** Every rule, in the order of the report. */
export const PREFLIGHT_RULES: readonly Rule[] = [
  {
    about: "environment",
    title: "the key works in the workspace",
    refuse({ owners }, { ownerId }) {
      if (owners.some(({ id }) => id === ownerId)) return [];
      const known = owners.map(({ id, name }) => `${id} (${name})`).join(", ");
      return refusal(
        `RENDER_API_KEY does not work in the workspace ${ownerId}`,
        `Set RENDER_OWNER_ID to one of its own: ${known || "it has none"}. Or use a key of a member of ${ownerId}.`,
      );
    },
  },
  {
    about: "service",
    title: "the service exists in the workspace",
    refuse({ service }, { wanted, ownerId }) {
      if (service === undefined) {
        return refusal(
          `there is no service ${wanted.serviceId}`,
          `Set ${idOf(wanted)}, to the id of ${wanted.name}: it stands in its address in Render's dashboard.`,
        );
      }
      if (service.ownerId === ownerId) return [];
      return refusal(
        `${service.name} belongs to the workspace ${service.ownerId}, not ${ownerId}`,
        "Render's private network ends at the workspace. Set RENDER_OWNER_ID to the service's workspace.",
      );
    },
  },
  {
    about: "service",
    title: "the service is the one that the environment names",
    skip: unlessFound,
    refuse({ service }, { wanted }) {
      if (service === undefined || service.name === wanted.name) return [];
      return refusal(
        `${wanted.serviceId} is the service "${service.name}", and backend.name is "${wanted.name}"`,
        `Set ${idOf(wanted)}, to the id of ${wanted.name}. If ${service.name} is meant, set backend.name.`,
      );
    },
  },
  {
    about: "service",
    title: "the service runs something",
    skip: unlessFound,
    refuse({ service }, { wanted }) {
      if (service?.type !== "static_site") return [];
      return refusal(
        `${service.name} is a static site: nothing of it runs that could use a Redis`,
        `Set ${idOf(wanted)}, to the service that does.`,
      );
    },
  },
  {
    about: "service",
    title: "the service can be asked on its health path",
    skip: (facts, { wanted }) => (wanted.healthPath === undefined ? "there is no healthPath" : unlessFound(facts)),
    refuse({ service }, { wanted: { healthPath } }) {
      if (service === undefined || healthPath === undefined) return [];
      const address = healthAddress(service, healthPath);
      return "reason" in address ? [address] : [];
    },
  },
  {
    about: "service",
    title: "the service is not suspended",
    skip: unlessFound,
    refuse({ service }) {
      if (service?.suspended !== "suspended") return [];
      return refusal(
        `${service.name} is suspended, so nothing could be rolled out`,
        "Resume it in Render's dashboard, then deploy again.",
      );
    },
  },
  {
    about: "service",
    title: "the service's plan allows one-off jobs (needed to drain)",
    skip: (facts, { wanted }) => (Object.keys(wanted.drain).length === 0 ? "it drains nothing" : unlessFound(facts)),
    refuse({ service }) {
      if (service?.serviceDetails.plan !== "free") return [];
      return refusal(
        `${service.name} is on the free plan, which has no one-off jobs`,
        "Take a paid plan for it, or remove its `drain` (backend.drainCommand): what waits in an instance is then lost with it.",
      );
    },
  },
  {
    about: "instance",
    title: "the checks can look at the instance",
    skip: ({ lookers }, { acceptUnknown }) => {
      if (acceptUnknown) return "checks.acceptUnknown is set";
      return lookers === undefined ? NO_SERVICE : undefined;
    },
    refuse({ lookers = [] }, { redis }) {
      const free = lookers.filter(({ serviceDetails }) => serviceDetails.plan === "free");
      if (free.length < lookers.length || redis.ipAllowList.length > 0) return [];
      const names = free.map(({ name }) => name).join(", ");
      const without =
        names === ""
          ? "there is no service"
          : `${names} ${free.length === 1 ? "is" : "are"} on the free plan, which has no one-off jobs`;
      const upgrade = names === "" ? "" : `or take a paid plan for ${free[0]?.name}; `;
      return refusal(
        `nobody may connect from outside, and ${without} to look from inside`,
        `Add this machine's address to redis.ipAllowList; ${upgrade}or set checks.acceptUnknown, and nothing is proven.`,
      );
    },
  },
  {
    about: "use",
    title: "the service is in the instance's region",
    skip: unlessFound,
    refuse({ service }, { redis }) {
      const region = service?.serviceDetails.region;
      if (service === undefined || !region || region === redis.region) return [];
      return refusal(
        `${service.name} is in ${region}, and the instance is to be in ${redis.region}`,
        `Render's private network ends at the region. Set redis.region to "${region}", or name a service in ${redis.region}.`,
      );
    },
  },
  {
    about: "use",
    title: "the service's Render environment reaches the instance's",
    skip: unlessFound,
    refuse({ service, renderEnvironments }, { redis }) {
      if (service === undefined || (service.environmentId ?? undefined) === redis.environmentId) return [];
      return renderEnvironments
        .filter(({ networkIsolationEnabled }) => networkIsolationEnabled)
        .map(({ id, name }) => ({
          reason:
            `${service.name} is in ${service.environmentId ?? "no Render environment"}, and the instance is to be in ` +
            `${redis.environmentId ?? "none"}; "${name}" (${id}) is isolated, so the instance's name would not resolve`,
          remedy: `Set redis.environmentId to that of ${service.name}, or allow connections across environments in "${name}".`,
        }));
    },
  },
  {
    about: "service",
    title: "the variables are not set on the service itself",
    skip: unlessFound,
    refuse({ variables, service }, { wanted }) {
      const hiding = variables.map(({ key }) => key).filter((key) => variablesOf(wanted).includes(key));
      const name = service?.name ?? wanted.name;
      return hiding.map((key) => ({
        reason: `${key} is set on ${name} itself, where it wins over the group's`,
        remedy: `Remove it: Render's dashboard, ${name}, Environment, "Save only". What runs keeps it until it is rolled out.`,
      }));
    },
  },
  {
    about: "service",
    title: "no other linked environment group sets the variables",
    refuse({ groups, service }, { wanted }) {
      const others = groups.filter((group) => group.name !== wanted.groupName && isLinkedTo(group, wanted.serviceId));
      return others.flatMap(({ id, name, envVars }) =>
        envVars
          .filter(({ key }) => variablesOf(wanted).includes(key))
          .map(({ key }) => ({
            reason: `${key} is also in the group "${name}" (${id}), which is linked to ${service?.name ?? wanted.name}`,
            remedy: "Which of two groups wins is not guaranteed. Remove the variable there, or unlink that group.",
          })),
      );
    },
  },
  {
    about: "instance",
    title: "the instance's name is free or ours",
    refuse: ({ instanceNames, directory }) => refuseStrangers(instanceNames, directory),
  },
  {
    about: "service",
    title: "the group's name is free or ours",
    refuse: ({ groupNames, directory }) => refuseStrangers(groupNames, directory),
  },
  {
    about: "instance",
    title: "at most one free instance in the workspace",
    skip: (_facts, { redis }) => (redis.plan === "free" ? undefined : "the plan is paid"),
    refuse({ instances }, { redis }) {
      const other = instances.find((instance) => knownPlan(instance.plan) === "free" && !isSame(instance, redis));
      if (other === undefined) return [];
      return refusal(
        `the workspace has its one free instance: ${other.name} (${other.id}, ${other.region})`,
        other.name === redis.name
          ? "So it cannot be replaced while it runs. Take a paid plan; or destroy the environment first, which loses what is in it and lets the service send synchronously meanwhile."
          : "Take a paid plan, or delete that one.",
      );
    },
  },
  {
    about: "instance",
    title: "the plan is no downgrade",
    skip: ({ instances }, { redis }) => {
      return instances.some((instance) => isSame(instance, redis)) ? undefined : "there is no instance yet";
    },
    refuse({ instances }, { redis }) {
      const [existing, ...others] = instances.filter((instance) => isSame(instance, redis));
      const plan = knownPlan(existing?.plan);
      if (existing === undefined || others.length > 0 || plan === undefined || !isDowngrade(plan, redis.plan))
        return [];
      return refusal(
        `${existing.name} (${existing.id}) is on ${describePlan(plan)}; ${describePlan(redis.plan)} is a downgrade, which Render refuses`,
        `Keep plan "${plan}". Or destroy the environment and deploy it again: the service sends synchronously meanwhile.`,
      );
    },
  },
];

/**
 * Whether a deploy can begin: asks Render, and changes nothing.
 *
 * @returns With what runs now, by the instance's key.
 * @throws RenderApiError when Render cannot be asked; its message says what to do about the key or the network.
 */
export async function preflight(client: RenderClient, intent: Intent, stack: StackState): Promise<Preflight> {
  let state: ReturnType<StackState["known"]> | undefined;
  const once = { ...stack, known: () => (state ??= stack.known()) };
  const world = await gatherFacts(client, intent, once);
  const { owners, instances } = world.environment;
  const workspace = { id: intent.ownerId, name: owners.find(({ id }) => id === intent.ownerId)?.name };
  const services = world.services.map(([{ service }, { wanted }]) => ({ id: wanted.serviceId, name: service?.name }));
  const now = Object.keys(intent.instances).map(async (key) => [key, await running(key, instances, once)] as const);
  return {
    target: describeTarget(workspace, services),
    results: PREFLIGHT_RULES.map((rule) => resultOf(rule, world, intent)),
    now: Object.fromEntries(await Promise.all(now)),
  };
}

export interface Preflight {
  readonly target: string;
  readonly results: readonly PreflightResult[];
  readonly now: Readonly<Record<string, Running>>;
}

/** What runs at the instance's address: nothing yet, or not known, with the reason. */
export type Running = { readonly instance: KeyValue | undefined } | { readonly unknown: string };

/** The state says which instance is ours. Where the workspace has none, there is nothing to ask. */
async function running(key: string, all: readonly KeyValue[], { known }: Pick<StackState, "known">): Promise<Running> {
  if (all.length === 0) return { instance: undefined };
  const state = await known();
  if (state === undefined) return { unknown: "the state cannot be read" };
  const ids = state.get(instanceAddress(key)) ?? [];
  const [instance, ...others] = all.filter(({ id }) => ids.includes(id));
  return others.length === 0 ? { instance } : { unknown: `the state has several instances: ${ids.join(", ")}` };
}

/** Of one service and the one instance that it uses. */
export function judge(facts: UseFacts, aim: UseAim): PreflightResult[] {
  return PREFLIGHT_RULES.map((rule) => judged(rule, [[facts, aim]]));
}

/** Everything that there is to judge. */
interface World {
  readonly environment: EnvironmentFacts;
  readonly instances: readonly (readonly [InstanceFacts, InstanceAim])[];
  readonly services: readonly (readonly [OwnServiceFacts, ServiceAim])[];
  readonly uses: readonly (readonly [UseFacts, UseAim])[];
}

function resultOf(rule: Rule, { environment, instances, services, uses }: World, intent: Intent): PreflightResult {
  switch (rule.about) {
    case "environment":
      return judged(rule, [[environment, intent]]);
    case "instance":
      return judged(rule, instances);
    case "service":
      return judged(rule, services);
    case "use":
      return judged(rule, uses);
  }
}

function judged<Facts, Aim>(
  { title, skip, refuse }: RuleOf<string, Facts, Aim>,
  subjects: readonly (readonly [Facts, Aim])[],
): PreflightResult {
  const applies = subjects.filter(([facts, aim]) => skip?.(facts, aim) === undefined);
  const [first] = subjects;
  const skipped = first === undefined ? NO_SERVICE : applies.length === 0 ? skip?.(...first) : undefined;
  const refusals = applies.flatMap(([facts, aim]) => refuse(facts, aim));
  // What two services have in common is told once.
  return { title, skipped, refusals: [...new Map(refusals.map((one) => [one.reason, one])).values()] };
}

async function gatherFacts(client: RenderClient, intent: Intent, { directory, known }: StackState): Promise<World> {
  const { ownerId } = intent;
  // First alone: with a key that does not work every other call would only say so again.
  const owners = await client.list(API.listOwners, {});
  const instances = await client.list(API.listKeyValues, {}, { ownerId });
  const environment = { owners, instances, directory };
  const services = await Promise.all(
    Object.values(intent.services).map(async (wanted) => {
      const [facts, groupNames] = await Promise.all([
        gatherServiceFacts(client, ownerId, wanted.serviceId, wanted.groupName),
        findGroups(client, wanted, ownerId, { known }),
      ]);
      return [
        { ...environment, ...facts, groupNames },
        { ...intent, wanted },
      ] as const;
    }),
  );
  const found = services.flatMap(([{ service }]) => service ?? []);
  const lookers = services.length > 0 && found.length === 0 ? undefined : found;
  const judgedInstances = await Promise.all(
    Object.entries(intent.instances).map(async ([key, redis]) => {
      const instanceNames = await findInstances(client, redis, ownerId, { known });
      return [key, { ...environment, instanceNames, lookers }, { ...intent, redis }] as const;
    }),
  );
  const environmentIds = new Set(
    [...found, ...Object.values(intent.instances)].map((one) => one.environmentId).filter((id) => id != null),
  );
  const asked = [...environmentIds].map((id) => unlessMissing(client.call(API.getEnvironment, { id })));
  const renderEnvironments = (await Promise.all(asked)).filter((one) => one !== undefined);
  return {
    environment,
    services,
    instances: judgedInstances.map(([, facts, aim]) => [facts, aim]),
    uses: services.flatMap(([facts, { wanted }]) =>
      judgedInstances
        .filter(([key]) => instancesOf(wanted).includes(key))
        .map(([, instanceFacts, { redis }]) => {
          const ids = [facts.service?.environmentId, redis.environmentId];
          const own = renderEnvironments.filter(({ id }) => ids.includes(id));
          return [
            { ...facts, ...instanceFacts, renderEnvironments: own },
            { ...intent, wanted, redis },
          ] as const;
        }),
    ),
  };
}

function variablesOf({ uses, env }: ExpectedService): string[] {
  return [...Object.keys(uses), ...Object.keys(env)];
}

/** Whether an instance is the one that the environment describes, as far as Render's API can tell. */
function isSame(instance: { name: string; region: string }, redis: ExpectedInstance): boolean {
  return instance.name === redis.name && instance.region === redis.region;
}
