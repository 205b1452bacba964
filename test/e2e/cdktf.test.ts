import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Deployment } from "./deployment.ts";

const WRONG_KEY = "rnd_thisisnotthekeythatopens";
const APPROVED = ["--auto-approve"];

// Each of its commands, once; what a deploy does in each case is tried without it. One life, told in order.
describe("cdktf's command line", () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await Deployment.start();
  });
  afterAll(() => deployment.stop());

  test("shows why a deploy failed, and no secret", async () => {
    deployment.useCredentials({ apiKey: WRONG_KEY });
    const { exitCode, output } = await deployment.cdktf("deploy", APPROVED);
    expect(exitCode).toBe(1);
    expect(output).toContain("401");
    expect(output).toContain("RENDER_API_KEY");
    expect(output).not.toContain(WRONG_KEY);
    expect(await deployment.instances()).toEqual([]);
    deployment.useCredentials({});
  });

  test("shows an error and no prompt when the backend's service id is missing", async () => {
    // Without TF_INPUT=0, as on anybody's machine.
    const env = { TF_VAR_backend_service_id: undefined, TF_INPUT: undefined };
    const { exitCode, output } = await deployment.cdktf("deploy", APPROVED, env);
    expect(exitCode).toBe(1);
    expect(output).toContain("TF_VAR_backend_service_id");
    expect(await deployment.instances()).toEqual([]);
  });

  test("deploys: the instance is proven, and the backend has its URL", async () => {
    const { exitCode, output } = await deployment.cdktf("deploy", APPROVED);
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/ping .*PONG/);
    const id = await deployment.instanceId();
    const group = await deployment.linkedGroup();
    expect(group?.envVars).toContainEqual({ key: "REDIS_URL", value: `redis://${id}:6379` });
    expect(output).not.toContain(deployment.render.apiKey);
  });

  test("shows that nothing is left to change", async () => {
    const { exitCode, output } = await deployment.cdktf("diff");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("No changes.");
  });

  test("destroys all of it", async () => {
    const { exitCode, output } = await deployment.cdktf("destroy", APPROVED);
    expect(exitCode, output).toBe(0);
    expect(await deployment.instances()).toEqual([]);
    expect((await deployment.state()).size).toBe(0);
  });
});
