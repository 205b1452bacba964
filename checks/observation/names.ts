import type { RenderClient } from "../../render/api/client.ts";
import type { EnvGroupSummary, KeyValue } from "../../render/api/endpoints.ts";
import { isLinkedTo } from "../../render/api/env-groups.ts";
import { RenderApiError } from "../../render/api/error.ts";
import type { ExpectedService } from "../../render/service.ts";
import {
  findGroups,
  findInstances,
  type Namesakes,
  reportStrangers,
  type StackState,
  type StrangersReport,
} from "../../render/strangers.ts";
import type { Obstacle } from "../../vantage/vantage.ts";

/** What has a name of ours, and what is to be done about what is not ours. */
export type NamesSeen =
  | (Pick<Namesakes, "what" | "ids"> & { readonly report: StrangersReport | undefined })
  | { readonly obstacle: Obstacle };

/** Looks for other instances of the instance's name. */
export function observeInstanceNames(
  client: RenderClient,
  { id, name, region, owner }: KeyValue,
  key: string | undefined,
  stack: StackState,
) {
  return seen(
    findInstances(client, { name, region, key }, owner.id, stack, (one) => one.id === id),
    stack,
  );
}

/** Looks for other groups of the name of the service's group. */
export function observeGroupNames(
  client: RenderClient,
  { owner }: KeyValue,
  service: ExpectedService,
  stack: StackState,
) {
  const isLinked = (group: EnvGroupSummary) => isLinkedTo(group, service.serviceId);
  const isOurs = (group: EnvGroupSummary, all: readonly EnvGroupSummary[]) => {
    return isLinked(group) && all.filter(isLinked).length === 1;
  };
  return seen(findGroups(client, service, owner.id, stack, isOurs), stack);
}

async function seen(finding: Promise<Namesakes>, { directory }: StackState): Promise<NamesSeen> {
  try {
    const names = await finding;
    if (names.strangers !== undefined) return { ...names, report: reportStrangers(names, directory) };
    const reason = `the state cannot be read, so it is not known which ${names.what} is ours: ${names.ids.join(", ")}`;
    return {
      obstacle: { reason, remedy: `Plan once, which sets Terraform up in ${directory}; then run the checks again.` },
    };
  } catch (error) {
    if (!(error instanceof RenderApiError)) throw error;
    return { obstacle: { reason: error.message, remedy: "Run the checks again; see https://status.render.com." } };
  }
}
