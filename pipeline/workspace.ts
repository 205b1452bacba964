import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { stackPath } from "../environments/define.ts";
import type { RenderClient } from "../render/api/client.ts";
import { API } from "../render/api/endpoints.ts";
import { unlessMissing } from "../render/api/error.ts";
import { findGroups, findInstances, type Namesakes, reportStrangers } from "../render/strangers.ts";
import { readKnownIds } from "../render/terraform-state.ts";
import { isInstance, makesInstance } from "./review/plan/instance-change.ts";
import type { Planned } from "./review/plan/planned.ts";
import { textOf } from "./review/plan/resource-change.ts";
import type { Place, Review } from "./review/review.ts";
import type { Consequence } from "./review/rules/consequence.ts";
import type { OtherInstance } from "./review/rules/rule.ts";
import { stackDirectory } from "./synthesize.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";

const named = z.record(z.string(), z.object({ name: z.string(), region: z.string().optional() })).default({});
const linked = z.record(z.string(), z.object({ service_ids: z.array(z.string()).default([]) })).default({});
const stackSchema = z.object({
  resource: z.object({ render_keyvalue: named, render_env_group: named, render_env_group_link: linked }).prefault({}),
});

/** What the Terraform of a stack names on Render. */
type Named = z.output<typeof stackSchema>["resource"];

/** What Render has beside what a plan says. */
export interface Workspace {
  /** The workspace's instances that the state does not know, where the plan makes one: one that is there can be in its way. */
  readonly others: readonly OtherInstance[];
  /** What has a name of ours and is not in the state. */
  readonly duplicates: readonly Consequence[];
  /** Where the plan would be applied to, and for what; `undefined` where nothing of Render's is in the stack. */
  readonly where: Review["where"];
}

/** @throws Stop, RenderApiError when Render cannot be asked. */
export async function lookAtWorkspace(
  { environment, directory }: Pick<SynthesizedStack, "environment" | "directory">,
  planned: Planned,
): Promise<Workspace> {
  const names = directory === undefined ? undefined : readNames(directory);
  const makes = planned.resources.some(makesInstance);
  if (names === undefined && !makes) return { others: [], duplicates: [], where: undefined };
  // Loaded late: a plan that has nothing of Render's does without.
  const { RenderClient, RENDER, ownerIdFrom } = await import("../render/api/client.ts");
  const client = RenderClient.fromEnvironment(process.env);
  const ownerId = ownerIdFrom(process.env);
  const [others, duplicates, places] = await Promise.all([
    makes ? otherInstances(client, planned, ownerId) : [],
    names && ownerId ? findDuplicates(client, environment, names, ownerId, planned) : [],
    names && ownerId ? findPlaces(client, names, ownerId, planned) : undefined,
  ]);
  return { others, duplicates, where: places && { host: process.env.RENDER_HOST || RENDER, places } };
}

/** @returns `undefined` where the Terraform names nothing. */
function readNames(directory: string): Named | undefined {
  try {
    const json: unknown = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8"));
    const { resource } = stackSchema.parse(json);
    return Object.values(resource).some((byName) => Object.keys(byName).length > 0) ? resource : undefined;
  } catch {
    return undefined;
  }
}

async function otherInstances(client: RenderClient, { resources }: Planned, ownerId: string | undefined) {
  const known = new Set(resources.filter(isInstance).map(({ before }) => before?.id));
  const all = await client.list(API.listKeyValues, {}, { ownerId });
  return all.filter(({ id }) => !known.has(id));
}

/** An apply that got no answer leaves such a thing behind, and nothing in a plan shows it. */
async function findDuplicates(
  client: RenderClient,
  environment: string,
  { render_keyvalue, render_env_group }: Named,
  ownerId: string,
  { resources }: Planned,
): Promise<Consequence[]> {
  const ids = resources.map(({ before }) => before?.id).filter((id) => typeof id === "string");
  // An empty plan is not even opened, and then a single one is ours.
  const isEmpty = resources.length === 0;
  const known = async () => (isEmpty ? readKnownIds(stackDirectory(environment)) : new Map([["plan", ids]]));
  const isOurs = (_one: unknown, all: readonly unknown[]) => isEmpty && all.length === 1;
  const found = await Promise.all([
    ...Object.entries(render_keyvalue).map(async ([address, { name, region = "" }]) => {
      const names = await findInstances(client, { name, region, key: address }, ownerId, { known }, isOurs);
      return duplicateOf(`render_keyvalue.${address}`, names, stackPath(environment));
    }),
    ...Object.entries(render_env_group).map(async ([address, { name }]) => {
      const names = await findGroups(client, { groupName: name, key: address }, ownerId, { known }, isOurs);
      return duplicateOf(`render_env_group.${address}`, names, stackPath(environment));
    }),
  ]);
  return found.flat();
}

function duplicateOf(address: string, names: Namesakes, directory: string): Consequence[] {
  const report = reportStrangers(names, directory);
  const consequence = (text: string): Consequence => {
    return { kind: "duplicate", address, consequence: `On Render ${text}`, causes: [], acknowledge: true };
  };
  if (report !== undefined) return [consequence(`${report.reason}. ${report.remedy}`)];
  if (names.strangers !== undefined) return [];
  return [consequence(`are several with this name, ${names.ids.join(", ")}, and the state could not be read.`)];
}

/** Shown with every review, for people with the wrong shell. */
async function findPlaces(
  client: RenderClient,
  { render_keyvalue, render_env_group_link }: Named,
  ownerId: string,
  { resources }: Planned,
): Promise<Place[]> {
  const ids = Object.values(render_env_group_link)
    .flatMap(({ service_ids }) => service_ids)
    .map((id) => {
      const variable = /\bvar\.(\w+)/.exec(id)?.[1];
      return variable === undefined ? id : (process.env[`TF_VAR_${variable}`] ?? "");
    })
    .filter((id) => id !== "");
  const [owners, services] = await Promise.all([
    client.list(API.listOwners, {}),
    Promise.all(
      [...new Set(ids)].map(async (id): Promise<Place> => {
        const { name, dashboardUrl: url } = (await unlessMissing(client.call(API.getService, { id }))) ?? {};
        return { what: "service", id, ...(name && { name }), ...(url && { url }) };
      }),
    ),
  ]);
  const instances = Object.entries(render_keyvalue).map(([key, { name }]): Place => {
    const change = resources.find(({ address, isDeposed }) => address === `render_keyvalue.${key}` && !isDeposed);
    const id = textOf(change?.before, "id");
    return { what: "instance", name, ...(id && { id, url: `https://dashboard.render.com/r/${id}` }) };
  });
  const name = owners.find(({ id }) => id === ownerId)?.name;
  const workspace: Place = { what: "workspace", id: ownerId, ...(name && { name }) };
  return [workspace, ...instances, ...services];
}
