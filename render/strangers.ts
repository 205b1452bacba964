import { relative } from "node:path";
import type { RenderClient } from "./api/client.ts";
import { API, type EnvGroupSummary, type KeyValue } from "./api/endpoints.ts";
import { findInstanceUsers } from "./api/instance-users.ts";
import { groupAddress, instanceAddress, type KnownIds, knows } from "./terraform-state.ts";

/** A stack's directory, where Terraform runs, and how to ask what its state knows: `undefined` when it cannot be read. */
export interface StackState {
  readonly directory: string;
  readonly known: () => Promise<KnownIds | undefined>;
}

/** Something on Render that has a name of ours and that the state does not know. */
interface Stranger {
  readonly id: string;
  /** What uses it, in words. */
  readonly users: readonly string[];
}

/** What has a name of ours on Render. */
export interface Namesakes {
  readonly kind: keyof typeof KINDS;
  /** Where Terraform has ours. */
  readonly address: string;
  /** `instance "queues" in oregon` */
  readonly what: string;
  /** The ids that are ours: that the state knows, or that were just made. */
  readonly ours: readonly string[];
  /** Those that are not, oldest first; `undefined` where the state could not be read. */
  readonly strangers: readonly Stranger[] | undefined;
  /** All ids, oldest first. */
  readonly ids: readonly string[];
}

/** What is wrong, and the ways out. */
export interface StrangersReport {
  readonly reason: string;
  readonly remedy: string;
}

/** Whether one of those that have the name is ours for certain, so that the state need not be asked. */
type Certain<T> = (one: T, all: readonly T[]) => boolean;

const KINDS = {
  instance: { path: "key-value", otherwise: "Or choose another redis.name." },
  group: { path: "env-groups", otherwise: "Or choose another redis.name: the group is named after it." },
} as const;

/**
 * The instances of a name in a region of a workspace. The state is read only where one is there that is not ours for certain.
 *
 * @param certain Such as the instance that was just made, which a remote state may not have yet.
 * @throws RenderApiError
 */
export async function findInstances(
  client: RenderClient,
  { name, region, key }: { readonly name: string; readonly region: string; readonly key?: string | undefined },
  ownerId: string,
  { known }: Pick<StackState, "known">,
  certain: Certain<KeyValue> = () => false,
): Promise<Namesakes> {
  const listed = await client.list(API.listKeyValues, {}, { name, region, ownerId });
  const named = listed
    .filter((one) => one.name === name && one.region === region && one.owner.id === ownerId)
    .toSorted(byAge);
  const mayBeStrange = named.filter((one) => !certain(one, named));
  const state = mayBeStrange.length === 0 ? new Map() : await known();
  const strange = state && mayBeStrange.filter(({ id }) => !knows(state, id));
  const users = strange === undefined || strange.length === 0 ? new Map() : await findInstanceUsers(client, ownerId);
  return {
    kind: "instance",
    address: instanceAddress(key),
    what: `instance "${name}" in ${region}`,
    ...divide(named, strange),
    strangers: strange?.map(({ id }) => ({ id, users: users.get(id) ?? [] })),
  };
}

/**
 * The environment groups of a name in a workspace.
 *
 * @param certain Such as the one that is linked to our service.
 * @throws RenderApiError
 */
export async function findGroups(
  client: RenderClient,
  { groupName: name, key }: { readonly groupName: string; readonly key?: string | undefined },
  ownerId: string,
  { known }: Pick<StackState, "known">,
  certain: Certain<EnvGroupSummary> = () => false,
): Promise<Namesakes> {
  const listed = await client.list(API.listEnvGroups, {}, { name, ownerId });
  // A key may see several workspaces.
  const named = listed.filter((group) => group.name === name && group.ownerId === ownerId).toSorted(byAge);
  const mayBeStrange = named.filter((group) => !certain(group, named));
  const state = mayBeStrange.length === 0 ? new Map() : await known();
  const strange = state && mayBeStrange.filter(({ id }) => !knows(state, id));
  const strangers = strange?.map(({ id, serviceLinks }) => {
    return { id, users: serviceLinks.map((service) => `the service "${service.name}" (${service.id})`) };
  });
  return {
    kind: "group",
    address: groupAddress(key),
    what: `environment group "${name}"`,
    ...divide(named, strange),
    strangers,
  };
}

function byAge(one: { readonly createdAt: string }, other: { readonly createdAt: string }): number {
  return Date.parse(one.createdAt) - Date.parse(other.createdAt);
}

type Thing = { readonly id: string };

function divide(named: readonly Thing[], strange: readonly Thing[] = named) {
  const ids = named.map(({ id }) => id);
  return { ids, ours: ids.filter((id) => !strange.some((one) => one.id === id)) };
}

/**
 * What a person is told of strangers; nothing where there are none. A call whose answer was lost leaves such a thing behind,
 * and it looks exactly like somebody else's: so nothing is done to it here.
 *
 * @param directory Where Terraform runs.
 */
export function reportStrangers(
  { kind, address, what, ours, strangers = [] }: Pick<Namesakes, "kind" | "address" | "what" | "ours" | "strangers">,
  directory: string,
): StrangersReport | undefined {
  if (strangers.length === 0) return undefined;
  const ids = strangers.map(({ id }) => id).join(", ");
  const [beside] = ours;
  const which =
    beside === undefined ? `there is an ${what} already: ${ids}` : `beside ${beside} there is another ${what}: ${ids}`;
  const ways = strangers.map((stranger) => waysOut(stranger, kind, address, beside, directory));
  return {
    reason: `${which}. This state does not know it: an apply that was killed, or got no answer, left it behind, or it is somebody else's`,
    remedy: [...ways, KINDS[kind].otherwise].join(" "),
  };
}

function waysOut(
  { id, users }: Stranger,
  kind: Namesakes["kind"],
  address: string,
  ours: string | undefined,
  directory: string,
): string {
  const terraform = `terraform -chdir=${relative(process.cwd(), directory) || "."}`;
  const forget = ours === undefined ? "" : `${terraform} state rm ${address} && `;
  const then = ours === undefined ? "" : `, then delete ${ours}`;
  const takeOver = `take it over: ${forget}${terraform} import ${address} ${id}${then}`;
  if (users.length > 0) return `${id} is used by ${users.join(", ")}: do not delete it. If it is yours, ${takeOver}.`;
  return `Nothing in the workspace uses ${id}. Delete it if nobody needs it: ${deletionOf(kind, id)}. Or ${takeOver}.`;
}

function deletionOf(kind: Namesakes["kind"], id: string): string {
  const url = `\${RENDER_HOST:-https://api.render.com/v1}/${KINDS[kind].path}/${id}`;
  return `curl -X DELETE -H "Authorization: Bearer $RENDER_API_KEY" "${url}"`;
}
