import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Store } from "../../../../dev/emulator/state/store.ts";
import { Workspace } from "../../../../dev/emulator/workspace/workspace.ts";
import { idleMachine } from "../idle-machine.ts";

const GATEWAY = { host: "localhost", port: 6379 };

let directory: string;
let workspace: Workspace;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "workspace-"));
  const store = Store.open(directory, undefined);
  workspace = new Workspace({ store, machine: idleMachine, gateway: GATEWAY, delayMs: 0 });
  await workspace.open();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const newInstance = (name: string) => {
  const { ownerId } = workspace.store.settings;
  return workspace.keyValues.create({ name, ownerId, plan: "starter" });
};

test("the store makes ids and times, and moves `updatedAt` only for what somebody asked for", () => {
  const { store } = workspace;
  const instance = newInstance("queue");
  expect(instance.id).toMatch(/^red-[0-9a-v]{20}$/);
  expect(instance.updatedAt).toBe(instance.createdAt);
  store.keyValues.note(instance, { updatedAt: "2026-01-01T00:00:00.000Z" });
  store.keyValues.note(instance, { status: "available" });
  expect(store.keyValues.get(instance.id)).toMatchObject({
    status: "available",
    updatedAt: "2026-01-01T00:00:00.000Z",
  });
  store.keyValues.update(instance, { name: "renamed" });
  expect(instance.updatedAt > "2026-01-01T00:00:00.000Z").toBe(true);
  expect(Store.open(directory, undefined).keyValues.get(instance.id)).toMatchObject({ name: "renamed" });
});

test("a snapshot is restored, with what was deleted since and without what was made", async () => {
  const { store } = workspace;
  const kept = newInstance("kept");
  const snapshot = store.snapshot();
  const made = newInstance("made");
  workspace.keyValues.delete(kept.id);
  await workspace.restore(snapshot);
  expect(store.keyValues.all.map(({ name }) => name)).toEqual(["kept"]);
  expect(store.settings.apiKey).toBe(snapshot.apiKey);
  expect(workspace.keyValues.running(kept.id)).toBeDefined();
  expect(() => workspace.keyValues.running(made.id)).toThrow(`not found: ${made.id}`);
});
