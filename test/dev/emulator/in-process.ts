import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../../dev/emulator/http/app.ts";
import { RateLimits } from "../../../dev/emulator/http/rate-limits.ts";
import { Store } from "../../../dev/emulator/state/store.ts";
import { Workspace } from "../../../dev/emulator/workspace/workspace.ts";
import { idleMachine } from "./idle-machine.ts";

/** A local Render that listens nowhere and runs nothing. */
export async function renderInProcess() {
  const directory = mkdtempSync(join(tmpdir(), "in-process-"));
  const store = Store.open(directory, undefined);
  const gateway = { host: "localhost", port: 6379 };
  const workspace = new Workspace({ store, machine: idleMachine, gateway, delayMs: 0 });
  await workspace.open();
  const app = createApp(workspace, new RateLimits(false), () => {});
  const { apiKey, ownerId } = store.settings;
  const headers = { authorization: `Bearer ${apiKey}`, host: "localhost", "content-type": "application/json" };
  return {
    directory,
    ownerId,
    workspace,
    stop: () => rmSync(directory, { recursive: true, force: true }),
    async call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await app.request(`/v1${path}`, { method, headers, ...sent });
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
    },
  };
}
