import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { Rehearsal } from "../../dev/rehearsal.ts";

test("tells Terraform of its own provider only, and of none from a registry", async () => {
  for (const [provider, attached] of [
    ["local", true],
    ["registry", false],
  ] as const) {
    const rehearsal = await Rehearsal.start({ provider });
    const { variables, commandVariables, render } = rehearsal;
    await rehearsal.stop();
    expect("TF_REATTACH_PROVIDERS" in variables).toBe(attached);
    expect("TF_CLI_CONFIG_FILE" in commandVariables).toBe(attached);
    expect(variables).toMatchObject({ RENDER_HOST: render.host, RENDER_API_KEY: render.apiKey, TF_INPUT: "0" });
    expect(existsSync(render.directory)).toBe(false);
  }
});
