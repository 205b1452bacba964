import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stateSchema } from "../../environments/state.ts";
import { runChild } from "../../runtime/child-process.ts";
import { stateSettings } from "../../stacks/state-settings.ts";
import { S3Store } from "./s3-store.ts";

test("Terraform keeps a state, with its lock, in a store that speaks S3 and is not Amazon's", async () => {
  const store = await S3Store.start();
  const directory = mkdtempSync(join(tmpdir(), "s3-state-"));
  onTestFinished(() => {
    store.stop();
    rmSync(directory, { recursive: true });
  });
  const { endpoint } = store;
  const state = stateSchema.parse({ type: "s3", bucket: "states", key: "redis/production", region: "auto", endpoint });
  const { type, settings } = stateSettings(state);
  const terraform = { backend: { [type]: settings } };
  const resource = { terraform_data: { kept: { input: "this" } } };
  writeFileSync(join(directory, "main.tf.json"), JSON.stringify({ terraform, resource }));

  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runChild("terraform", args, {
      cwd: directory,
      env: {
        ...{ PATH: process.env.PATH, HOME: directory, TF_INPUT: "0", CHECKPOINT_DISABLE: "1" },
        ...{ AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" },
      },
    });
    return { code, text: stdout + stderr };
  };
  for (const command of [["init"], ["apply", "-auto-approve"]]) {
    const { code, text } = await run(...command, "-no-color");
    expect(code, text).toBe(0);
  }
  expect([...store.objects.keys()]).toEqual(["/states/redis/production"]);
  expect(JSON.parse(store.objects.get("/states/redis/production") ?? "").resources).toHaveLength(1);
  expect(store.requests).toContain("PUT /states/redis/production.tflock");

  const lock = { ID: "5f7a", Operation: "apply", Who: "somebody", Version: "1.11.4", Created: "2026-11-30T00:00:00Z" };
  store.objects.set("/states/redis/production.tflock", JSON.stringify(lock));
  const locked = await run("plan", "-no-color", "-lock-timeout=0s");
  expect([locked.code, locked.text]).toEqual([1, expect.stringContaining("Error acquiring the state lock")]);
});
