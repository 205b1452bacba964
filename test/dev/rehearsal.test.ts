import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { Rehearsal } from "../../dev/rehearsal.ts";

test("tells Terraform where its own provider is, and nothing about one from a registry", async () => {
  for (const [provider, attached] of [
    ["local", true],
    ["registry", false],
  ] as const) {
    const rehearsal = await Rehearsal.start({ provider });
    const { exports: variables, render } = rehearsal;
    await rehearsal.stop();
    expect("TF_CLI_CONFIG_FILE" in variables).toBe(attached);
    expect(variables).toMatchObject({ RENDER_HOST: render.host, RENDER_API_KEY: render.apiKey, TF_INPUT: "0" });
    expect(existsSync(render.directory)).toBe(false);
  }
});
