import type { ExpectedInstance } from "../render/instance.ts";
import { describePlan, isDowngrade, knownPlan } from "../render/plans.ts";
import type { ExpectedService } from "../render/service.ts";
import type { PreflightFacts } from "./preflight-facts.ts";

/** What a deploy would set up. */
export interface Wiring {
  readonly redis: ExpectedInstance;
  readonly backend: ExpectedService;
  /** The workspace to deploy into: `RENDER_OWNER_ID`. */
  readonly ownerId: string;
}

/** Why a deploy must not begin, and what to do about it. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
}

/** One thing that must hold before anything is changed. */
export interface Rule {
  /** What holds when nothing is refused. */
  readonly title: string;
  readonly refuse: (facts: PreflightFacts, wiring: Wiring) => readonly Refusal[];
}

/** Every rule, in the order of the report. */
export const PREFLIGHT_RULES: readonly Rule[] = [
  {
    title: "the key works in the workspace",
    refuse({ owners }, { ownerId }) {
      if (owners.some(({ id }) => id === ownerId)) return [];
      const known = owners.map(({ id, name }) => `${id} (${name})`).join(", ");
      return [
        {
          reason: `RENDER_API_KEY does not work in the workspace ${ownerId}`,
          remedy: `Set RENDER_OWNER_ID to one of its own: ${known || "it has none"}. Or use a key of a member of ${ownerId}.`,
        },
      ];
    },
  },
  {
    title: "the backend exists in the workspace",
    refuse({ service }, { backend, ownerId }) {
      if (service === undefined) {
        return [
          {
            reason: `there is no service ${backend.serviceId}`,
            remedy: `Set backend.serviceId, or TF_VAR_backend_service_id, to the id of ${backend.name}: it stands in its address in Render's dashboard.`,
          },
        ];
      }
      if (service.ownerId === ownerId) return [];
      return [
        {
          reason: `${service.name} belongs to the workspace ${service.ownerId}, not ${ownerId}`,
          remedy: "Render's private network ends at the workspace. Set RENDER_OWNER_ID to the backend's workspace.",
        },
      ];
    },
  },
  {
    title: "the backend is not suspended",
    refuse({ service }) {
      if (service?.suspended !== "suspended") return [];
      return [
        {
          reason: `${service.name} is suspended, so nothing could be rolled out`,
          remedy: "Resume it in Render's dashboard, then deploy again.",
        },
      ];
    },
  },
  {
    title: "the backend can run one-off jobs, if it is to empty an instance",
    refuse({ service }, { backend }) {
      if (backend.drainCommand === undefined || service?.serviceDetails.plan !== "free") return [];
      return [
        {
          reason: `${service.name} is on the free plan, which has no one-off jobs`,
          remedy:
            "Take a paid plan for it, or remove backend.drainCommand: what waits in an instance is then lost with it.",
        },
      ];
    },
  },
  {
    title: "the backend is in the instance's region",
    refuse({ service }, { redis }) {
      if (service === undefined || service.serviceDetails.region === redis.region) return [];
      return [
        {
          reason: `${service.name} is in ${service.serviceDetails.region}, and the instance is to be in ${redis.region}`,
          remedy: `Render's private network ends at the region. Set redis.region to "${service.serviceDetails.region}", or name a backend in ${redis.region}.`,
        },
      ];
    },
  },
  {
    title: "no variable of the backend hides ours",
    refuse({ serviceVariables, service }, { backend }) {
      const ours = variablesOf(backend);
      const hiding = serviceVariables.map(({ key }) => key).filter((key) => ours.includes(key));
      return hiding.map((key) => ({
        reason: `${key} is set on ${service?.name ?? backend.name} itself, where it wins over the group's`,
        remedy: `Remove it: Render's dashboard, ${backend.name}, Environment, "Save only". What runs keeps it until it is rolled out.`,
      }));
    },
  },
  {
    title: "no other group of the backend has ours",
    refuse({ groups }, { backend }) {
      const ours = variablesOf(backend);
      return groups
        .filter(({ name, serviceLinks }) => {
          return name !== backend.groupName && serviceLinks.some(({ id }) => id === backend.serviceId);
        })
        .flatMap(({ id, name, envVars }) =>
          envVars
            .filter(({ key }) => ours.includes(key))
            .map(({ key }) => ({
              reason: `${key} is also in the group "${name}" (${id}), which is linked to ${backend.name}`,
              remedy: "Which of two groups wins is not guaranteed. Remove the variable there, or unlink that group.",
            })),
        );
    },
  },
  {
    title: "the group's name is free or ours",
    refuse({ groups, instances }, { backend, redis }) {
      const named = groups.filter(({ name }) => name === backend.groupName);
      if (named.length === 0) return [];
      const ourUrls = instances.filter(({ name }) => name === redis.name).map(({ id }) => id);
      const isOurs = (group: (typeof named)[number]) => {
        const url = group.envVars.find(({ key }) => key === "REDIS_URL")?.value ?? "";
        return ourUrls.some((id) => url.includes(id));
      };
      if (named.length === 1 && named.every(isOurs)) return [];
      const ids = named.map(({ id }) => id).join(", ");
      return [
        {
          reason: `there is an environment group "${backend.groupName}" already (${ids}), and not for ${redis.name}`,
          remedy: "Delete it if nothing needs it, or import it: terraform import render_env_group.backend <evg-…>.",
        },
      ];
    },
  },
  {
    title: "a free plan is asked for once",
    refuse({ instances }, { redis }) {
      if (redis.plan !== "free") return [];
      const other = instances.find((instance) => knownPlan(instance.plan) === "free" && !isSame(instance, redis));
      if (other === undefined) return [];
      const replaced = other.name === redis.name;
      return [
        {
          reason: `the workspace has its one free instance: ${other.name} (${other.id}, ${other.region})`,
          remedy: replaced
            ? "So it cannot be replaced while it runs. Take a paid plan; or destroy the environment first, which loses what is in it and lets the backend send synchronously meanwhile."
            : "Take a paid plan, or delete that one.",
        },
      ];
    },
  },
  {
    title: "the plan is no downgrade",
    refuse({ instances }, { redis }) {
      const [existing, ...others] = instances.filter((instance) => isSame(instance, redis));
      const plan = existing === undefined ? undefined : knownPlan(existing.plan);
      if (existing === undefined || others.length > 0 || plan === undefined || !isDowngrade(plan, redis.plan))
        return [];
      return [
        {
          reason: `${existing.name} (${existing.id}) is on ${describePlan(plan)}; ${describePlan(redis.plan)} is a downgrade, which Render refuses`,
          remedy: `Keep plan "${plan}". Or destroy the environment and deploy it anew: the backend sends synchronously meanwhile.`,
        },
      ];
    },
  },
];

function variablesOf(backend: ExpectedService): string[] {
  return ["REDIS_URL", ...Object.keys(backend.env)];
}

/** Whether an instance is the one that the environment describes, as far as Render's API can tell. */
function isSame(instance: { name: string; region: string }, redis: ExpectedInstance): boolean {
  return instance.name === redis.name && instance.region === redis.region;
}
