import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Planned, readPlan } from "../../pipeline/review/plan/planned.ts";
import { terraformPlanSchema } from "../../pipeline/review/plan/terraform-plan.ts";
import { describeErrors, reviewStack, secretsOf } from "../../pipeline/review-stack.ts";
import type { SynthesizedStack } from "../../pipeline/synthesized-stack.ts";
import type { sendHttp } from "../../runtime/http.ts";

const send = vi.hoisted(() => vi.fn<typeof sendHttp>());
vi.mock("../../runtime/http.ts", async (original) => ({ ...(await original<object>()), sendHttp: send }));

const STACK: SynthesizedStack = {
  environment: "staging",
  digest: "0".repeat(64),
  paths: {},
  variables: [],
  localState: undefined,
  isEncrypted: false,
  policy: { warnings: [], exceptions: [] },
  synthesized: { terraform: {}, workingDirectory: "x" },
};

/** Instances by name, and what Terraform does with each. */
function planned(instances: Readonly<Record<string, readonly string[]>>): Planned {
  const resource_changes = Object.entries(instances).map(([name, actions]) => ({
    address: `render_keyvalue.${name}`,
    mode: "managed",
    type: "render_keyvalue",
    change: {
      actions,
      before: actions[0] === "create" ? null : { id: `red-${name}`, name, plan: "starter" },
      after: actions[0] === "delete" ? null : { name, plan: "starter" },
    },
  }));
  return readPlan(terraformPlanSchema.parse({ format_version: "1.2", resource_changes }));
}

beforeEach(() => {
  vi.stubEnv("RENDER_API_KEY", "rnd_key-of-the-test-1234567890");
  vi.stubEnv("RENDER_HOST", "http://render.test/v1");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetAllMocks();
});

describe("the instances that Terraform does not know", () => {
  test("are not asked for when none is made", async () => {
    await reviewStack(planned({ kept: ["update"], gone: ["delete"] }), STACK, "change");
    expect(send).not.toHaveBeenCalled();
  });

  test("stop the review when Render cannot be asked", async () => {
    vi.stubEnv("RENDER_API_KEY", "");
    const review = reviewStack(planned({ made: ["create"] }), STACK, "change");
    await expect(review).rejects.toMatchObject({ name: "Stop", outcome: "failed" });
    await expect(review).rejects.toThrow("Render could not be asked which instances there are: `RENDER_API_KEY`");
  });
});

describe("Terraform's messages", () => {
  test.each([
    ["render_env_group_link.backend", "unexpected status: 404 Not Found", true],
    ["render_env_group_link.backend", "unexpected status: 403 Forbidden", false],
    ["render_keyvalue.redis", "unexpected status: 404 Not Found", false],
  ])("of %s, %s: the command that heals it is named: %s", (address, detail, heals) => {
    const error = { severity: "error", summary: "unable to get environment group", detail, address };
    const [text = ""] = describeErrors(
      readPlan(terraformPlanSchema.parse({ format_version: "1.0" })),
      [error],
      "staging",
    );
    expect(text.includes(`terraform -chdir=cdktf.out/stacks/staging state rm '${address}'`)).toBe(heals);
  });

  const PASSWORD = "a-password-of-twenty-chars";

  function withSecret(): Planned {
    const change = { actions: ["update"], before: {}, after: { deep: [{ url: `${PASSWORD}` }] } };
    const resource = {
      address: "a.b",
      mode: "managed",
      type: "a",
      change: { ...change, after_sensitive: { deep: [{ url: true }] } },
    };
    return readPlan(terraformPlanSchema.parse({ format_version: "1.2", resource_changes: [resource] }));
  }

  test("are shown without what the plan marks as sensitive, and without what this process knows", () => {
    vi.stubEnv("PG_CONN_STR", "postgres://me:pg-password-1@host/db");
    const summary = `it said ${PASSWORD} and rnd_key-of-the-test-1234567890 to postgres://me:pg-password-1@host/db`;
    expect(describeErrors(withSecret(), [{ severity: "error", summary, detail: "" }], "staging")).toEqual([
      "it said *** and *** to ***",
    ]);
  });

  test.each([{}, { sensitive: false }, { sensitive: true }])(
    "are shown without the passphrase of the state, of a variable that is declared as %j",
    (declared) => {
      const plan = {
        format_version: "1.2",
        variables: { state_passphrase: { value: "sixteen letters!" }, other: { value: "an ordinary value" } },
        configuration: { root_module: { variables: { state_passphrase: declared, other: {} } } },
      };
      const secrets = secretsOf(readPlan(terraformPlanSchema.parse(plan)));
      expect(secrets.mask("sixteen letters! and an ordinary value")).toBe("*** and an ordinary value");
      vi.stubEnv("TF_VAR_state_passphrase", "a passphrase of the shell");
      expect(
        secretsOf(readPlan(terraformPlanSchema.parse({ format_version: "1.2" }))).mask("a passphrase of the shell"),
      ).toBe("***");
    },
  );

  test("are as they are without secrets", () => {
    const error = { severity: "error", summary: "No", detail: " because \n", address: "a.b" };
    expect(describeErrors(readPlan(terraformPlanSchema.parse({ format_version: "1.0" })), [error], "staging")).toEqual([
      "No (a.b)\nbecause",
    ]);
    expect(secretsOf(withSecret()).mask("nothing")).toBe("nothing");
  });
});
