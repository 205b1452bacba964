import type { RenderClient } from "../render/api/client.ts";
import { API, type KeyValue, type Owner, type RenderEnvironment } from "../render/api/endpoints.ts";
import { isLinkedTo } from "../render/api/env-groups.ts";
import { unlessMissing } from "../render/api/error.ts";
import { gatherServiceFacts, type ServiceFacts } from "../render/api/service-facts.ts";
import { describeTarget } from "../render/api/target.ts";
import { healthAddress } from "../render/health-address.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import { describePlan, isDowngrade, knownPlan } from "../render/plans.ts";
import type { ExpectedService } from "../render/service.ts";
import { findGroups, findInstances, type Namesakes, reportStrangers, type StackState } from "../render/strangers.ts";
import { ADDRESSES } from "../render/terraform-state.ts";

/** What a deploy would set up. */
export interface Intent {
  readonly redis: ExpectedInstance;
  readonly wanted: ExpectedService;
  /** Whether the deploy goes on although nobody could look at the instance. */
  readonly acceptUnknown: boolean;
  /** The workspace to deploy into: `RENDER_OWNER_ID`. */
  readonly ownerId: string;
}

/** What is on Render before a deploy. It holds values of variables: for judging, never for showing. */
export interface PreflightFacts extends ServiceFacts {
  /** The workspaces that the key can work in. */
  readonly owners: readonly Owner[];
  /** All instances of the workspace. */
  readonly instances: readonly KeyValue[];
  /** What has our names, and whether it is ours. */
  readonly instanceNames: Namesakes;
  readonly groupNames: Namesakes;
  /** Where Terraform runs. */
  readonly directory: string;
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
interface Rule {
  /** What holds when nothing is refused. */
  readonly title: string;
  /** Why it does not apply; nothing when it does. */
  readonly skip?: (facts: PreflightFacts, intent: Intent) => string | undefined;
  readonly refuse: (facts: PreflightFacts, intent: Intent) => readonly Refusal[];
}

/** What came of one rule; no refusals when it holds, or when it was skipped. */
export interface PreflightResult {
  readonly title: string;
  readonly skipped?: string | undefined;
  readonly refusals: readonly Refusal[];
}

const NO_SERVICE = "there is no such service";
const unlessFound = ({ service }: PreflightFacts) => (service === undefined ? NO_SERVICE : undefined);
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
    title: "the service exists in the workspace",
    refuse({ service }, { wanted, ownerId }) {
      if (service === undefined) {
        return refusal(
          `there is no service ${wanted.serviceId}`,
          `Set backend.serviceId, or TF_VAR_backend_service_id, to the id of ${wanted.name}: it stands in its address in Render's dashboard.`,
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
    title: "the service is the one that the environment names",
    skip: unlessFound,
    refuse({ service }, { wanted }) {
      if (service === undefined || service.name === wanted.name) return [];
      return refusal(
        `${wanted.serviceId} is the service "${service.name}", and backend.name is "${wanted.name}"`,
        `Set backend.serviceId, or TF_VAR_backend_service_id, to the id of ${wanted.name}. If ${service.name} is meant, set backend.name.`,
      );
    },
  },
  {
    title: "the service runs something",
    skip: unlessFound,
    refuse({ service }) {
      if (service?.type !== "static_site") return [];
      return refusal(
        `${service.name} is a static site: nothing of it runs that could use a Redis`,
        "Set backend.serviceId, or TF_VAR_backend_service_id, to the service that does.",
      );
    },
  },
  {
    title: "the service can be asked on its health path",
    skip: (facts, { wanted }) => (wanted.healthPath === undefined ? "there is no healthPath" : unlessFound(facts)),
    refuse({ service }, { wanted: { healthPath } }) {
      if (service === undefined || healthPath === undefined) return [];
      const address = healthAddress(service, healthPath);
      return "reason" in address ? [address] : [];
    },
  },
  {
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
    title: "the service's plan allows one-off jobs (needed by drainCommand)",
    skip: (facts, { wanted }) => (wanted.drainCommand === undefined ? "there is no drainCommand" : unlessFound(facts)),
    refuse({ service }) {
      if (service?.serviceDetails.plan !== "free") return [];
      return refusal(
        `${service.name} is on the free plan, which has no one-off jobs`,
        "Take a paid plan for it, or remove backend.drainCommand: what waits in an instance is then lost with it.",
      );
    },
  },
  {
    title: "the checks can look at the instance",
    skip: (facts, { acceptUnknown }) => (acceptUnknown ? "checks.acceptUnknown is set" : unlessFound(facts)),
    refuse({ service }, { redis }) {
      if (service?.serviceDetails.plan !== "free" || redis.ipAllowList.length > 0) return [];
      return refusal(
        `nobody may connect from outside, and ${service.name} is on the free plan, which has no one-off jobs to look from inside`,
        `Add this machine's address to redis.ipAllowList; or take a paid plan for ${service.name}; or set checks.acceptUnknown, and nothing is proven.`,
      );
    },
  },
  {
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
    title: "the instance's name is free or ours",
    refuse: ({ instanceNames, directory }) => refuseStrangers(instanceNames, directory),
  },
  {
    title: "the group's name is free or ours",
    refuse: ({ groupNames, directory }) => refuseStrangers(groupNames, directory),
  },
  {
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
 * @throws RenderApiError when Render cannot be asked; its message says what to do about the key or the network.
 */
export async function preflight(
  client: RenderClient,
  intent: Intent,
  stack: StackState,
): Promise<{ readonly target: string; readonly results: PreflightResult[]; readonly now: Running }> {
  let state: ReturnType<StackState["known"]> | undefined;
  const once = { ...stack, known: () => (state ??= stack.known()) };
  const facts = await gatherFacts(client, intent, once);
  const { ownerId, wanted } = intent;
  const workspace = { id: ownerId, name: facts.owners.find(({ id }) => id === ownerId)?.name };
  const target = describeTarget(workspace, [{ id: wanted.serviceId, name: facts.service?.name }]);
  return { target, results: judge(facts, intent), now: await running(facts, once) };
}

/** What runs at the instance's address: nothing yet, or not known, with the reason. */
export type Running = { readonly instance: KeyValue | undefined } | { readonly unknown: string };

/** The state says which instance is ours. Where the workspace has none, there is nothing to ask. */
async function running({ instances }: PreflightFacts, { known }: StackState): Promise<Running> {
  if (instances.length === 0) return { instance: undefined };
  const state = await known();
  if (state === undefined) return { unknown: "the state cannot be read" };
  const ids = state.get(ADDRESSES.instance) ?? [];
  const [instance, ...others] = instances.filter(({ id }) => ids.includes(id));
  return others.length === 0 ? { instance } : { unknown: `the state has several instances: ${ids.join(", ")}` };
}

export function judge(facts: PreflightFacts, intent: Intent): PreflightResult[] {
  return PREFLIGHT_RULES.map(({ title, skip, refuse }) => {
    const skipped = skip?.(facts, intent);
    return { title, skipped, refusals: skipped === undefined ? refuse(facts, intent) : [] };
  });
}

async function gatherFacts(
  client: RenderClient,
  { redis, wanted, ownerId }: Intent,
  { directory, known }: StackState,
): Promise<PreflightFacts> {
  // First alone: with a key that does not work every other call would only say so again.
  const owners = await client.list(API.listOwners, {});
  const [facts, instances, instanceNames, groupNames] = await Promise.all([
    gatherServiceFacts(client, ownerId, wanted.serviceId, wanted.groupName),
    client.list(API.listKeyValues, {}, { ownerId }),
    findInstances(client, redis, ownerId, { known }),
    findGroups(client, wanted.groupName, ownerId, { known }),
  ]);
  const environmentIds = new Set([facts.service?.environmentId, redis.environmentId].filter((id) => id != null));
  const found = await Promise.all(
    [...environmentIds].map((id) => unlessMissing(client.call(API.getEnvironment, { id }))),
  );
  const renderEnvironments = found.filter((one) => one !== undefined);
  return { ...facts, owners, instances, instanceNames, groupNames, directory, renderEnvironments };
}

function variablesOf({ env }: ExpectedService): string[] {
  return ["REDIS_URL", ...Object.keys(env)];
}

/** Whether an instance is the one that the environment describes, as far as Render's API can tell. */
function isSame(instance: { name: string; region: string }, redis: ExpectedInstance): boolean {
  return instance.name === redis.name && instance.region === redis.region;
}
