import { API } from "../../render/api/endpoints.ts";
import { internalUrl } from "../../render/internal-url.ts";
import { until, within } from "../../runtime/wait.ts";
import { rollOut } from "../../steps/roll-out.ts";
import { RENDER_API } from "../emulator/api/endpoints.ts";
import type { Stage } from "./stage.ts";

const ROLL_OUT_MS = 300_000;
const THIS_MACHINE = [{ cidrBlock: "127.0.0.1/32", description: "this machine" }];

/** An instance that is available, without Terraform. */
export async function createRedis({ rehearsal }: Stage, name: string, plan = "starter"): Promise<string> {
  const { client, render } = rehearsal;
  const settings = { region: "oregon", plan, maxmemoryPolicy: "noeviction", ipAllowList: THIS_MACHINE };
  const { id } = await client.call(RENDER_API.createKeyValue, {}, { name, ownerId: render.ownerId, ...settings });
  await until(async () => (await client.call(API.getKeyValue, { id })).status === "available", { first: 50 });
  return id;
}

/** Points the service at an instance, as a deploy does: by a group that is linked, and a roll-out. @returns the group. */
export async function useRedis({ rehearsal }: Stage, id: string, groupId?: string): Promise<string> {
  const { client, render } = rehearsal;
  const { ownerId, backendServiceId: serviceId } = render;
  const url = internalUrl(id);
  let used = groupId;
  if (used === undefined) {
    const envVars = [
      { key: "REDIS_URL", value: url },
      { key: "ENABLE_QUEUES", value: "true" },
    ];
    const group = { name: "drill-env", ownerId, envVars, secretFiles: [] };
    used = (await client.call(RENDER_API.createEnvGroup, {}, group)).id;
    await client.call(RENDER_API.linkService, { id: used, serviceId });
  } else {
    await client.call(RENDER_API.setGroupVariable, { id: used, key: "REDIS_URL" }, { value: url });
  }
  await within(ROLL_OUT_MS, (signal) => rollOut({ client, serviceId, signal, say: () => {} }));
  return used;
}
