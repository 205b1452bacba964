import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeDifference, type Fingerprint, fingerprintOf } from "../../pipeline/fingerprint.ts";
import type { PlanFile } from "../../pipeline/plan-file.ts";
import { canonicalJson } from "../../runtime/canonical-json.ts";

const FILE: PlanFile = {
  configuration: new Map([["m-/cdk.tf.json", '{"resource":{"a":{"b":{"plan":"free"}}},"//":{"stack":"x"}}']]),
  providers: { "registry.terraform.io/render-oss/render": "1.9.1" },
  lineage: "c9c612e8",
};
const CHANGE = {
  actions: ["update"],
  before: { plan: "free", password: "one", ports: [1, 2] },
  after: { plan: "pro", password: "two", ports: [1, 2], size: { memory: 1, disk: null } },
  after_unknown: { id: true },
  before_sensitive: { password: true },
  after_sensitive: { password: true },
  replace_paths: [["plan"]],
};
const PLAN = {
  format_version: "1.2",
  terraform_version: "1.11.4",
  timestamp: "2026-11-30T19:09:59Z",
  variables: { service: { value: "srv-1" }, token: { value: "secret" } },
  resource_changes: [
    { address: "a.b", mode: "managed", type: "a", provider_name: "x/y/a", action_reason: "replace", change: CHANGE },
    { address: "a.b", deposed: "ab12", mode: "managed", type: "a", change: { actions: ["delete"], before: {} } },
  ],
  output_changes: { url: { actions: ["create"], after: "u", after_sensitive: true } },
  configuration: { root_module: { variables: { token: { sensitive: true } } } },
  action_invocations: [{ address: "action.x" }],
  prior_state: { values: {} },
  planned_values: { outputs: {} },
  relevant_attributes: [{ resource: "a.b" }],
  resource_drift: [],
  checks: [],
  complete: true,
  applyable: true,
};
const of = (json: unknown = PLAN, file: Partial<PlanFile> = {}, shell = {}, environment = "staging"): Fingerprint =>
  fingerprintOf({ environment, json, file: { ...FILE, ...file }, shell });

const isObject = (value: unknown) => typeof value === "object" && value !== null;

/** A JSON value in which one leaf, or one key, is another. */
function* variations(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) for (const other of variations(part)) yield value.with(index, other);
    const [first] = value;
    yield [...value, isObject(first) ? { ...first, address: "one.more" } : "one more"];
    if (value.length > 1 && !isObject(first)) yield value.toReversed();
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      for (const other of variations(part)) yield { ...value, [key]: other };
    }
    yield { ...value, another: Object.values(value).find(isObject) ?? 1 };
  } else {
    yield typeof value === "string" ? `${value}x` : "x";
  }
}

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, part]): [string, unknown] => [key, reversed(part)]);
  return Object.fromEntries(entries.reverse());
};

const NOT_APPLIED =
  "format_version terraform_version timestamp prior_state planned_values relevant_attributes resource_drift checks".split(
    " ",
  );

describe("a fingerprint changes", () => {
  test("with every value that is applied", () => {
    const masks = /_sensitive$/;
    const parts: unknown = JSON.parse(JSON.stringify(PLAN), (key, value) => (masks.test(key) ? undefined : value));
    const { configuration: _in_its_file, ...json } = Object(parts);
    const applied = Object.fromEntries(Object.entries(json).filter(([key]) => !NOT_APPLIED.includes(key)));
    const others = [...variations(applied)];
    expect(others.length).toBeGreaterThan(50);
    const prints = [applied, ...others].map((plan) => of(plan).sha256);
    expect(new Set(prints).size).toBe(prints.length);
  });

  test.each<[what: string, print: () => Fingerprint]>([
    ["the environment", () => of(PLAN, {}, {}, "production")],
    [
      "the version of a provider",
      () => of(PLAN, { providers: { "registry.terraform.io/render-oss/render": "1.9.2" } }),
    ],
    ["one more provider", () => of(PLAN, { providers: { ...FILE.providers, "a/b/c": "1.0.0" } })],
    ["the workspace", () => of(PLAN, {}, { workspace: "blue" })],
    ["a value in the configuration", () => of(PLAN, configured('{"resource":{"a":{"b":{"plan":"pro"}}}}'))],
    [
      "a command in the configuration",
      () => of(PLAN, configured('{"resource":{"a":{"b":{"plan":"free","provisioner":[{}]}}}}')),
    ],
    ["a configuration that is no JSON", () => of(PLAN, configured("resource a b {}"))],
    ["a file beside it", () => of(PLAN, { configuration: new Map([...FILE.configuration, ["m-/override.tf", "#"]]) })],
    [
      "the file of a module",
      () => of(PLAN, { configuration: new Map([...FILE.configuration, ["m-child/a.tf", "#"]]) }),
    ],
  ])("with %s", (_what, print) => {
    expect(print().sha256).not.toBe(of().sha256);
  });

  function configured(text: string): Partial<PlanFile> {
    return { configuration: new Map([["m-/cdk.tf.json", text]]) };
  }

  test("with any value of any plan, whatever its names are", () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom("a", "a.b", "a b", "a'", "%2e", "__proto__", "before", "toString"),
    );
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        fc.dictionary(name, tie("value")),
      ),
    })).value;
    const plan = (after: unknown) => ({
      ...PLAN,
      resource_changes: [{ address: "a.b", change: { actions: ["update"], after } }],
    });
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.dictionary(name, value), (one, other) => {
        const isSame = canonicalJson(one) === canonicalJson(other);
        expect(of(plan(one)).sha256 === of(plan(other)).sha256).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a fingerprint stays", () => {
  test("on another commit, machine and path, at another time, by another Terraform, in whatever order keys stand", () => {
    const elsewhere = Object.fromEntries(NOT_APPLIED.map((key) => [key, "something else"]));
    expect(of({ ...PLAN, ...elsewhere }).sha256).toBe(of().sha256);
    expect(of(reversed(PLAN)).sha256).toBe(of().sha256);
    // cdktf's notes: its version, and where in the sources something stands.
    const noted = '{"//":{"stack":"y","version":"0.22"},"resource":{"a":{"b":{"//":{"path":"/p"},"plan":"free"}}}}';
    expect(of(PLAN, { configuration: new Map([["m-/cdk.tf.json", noted]]) }).sha256).toBe(of().sha256);
  });
});

describe("of secrets", () => {
  const { lineage: _lineage, ...unapplied } = FILE;
  const first = (json: unknown) => fingerprintOf({ environment: "staging", json, file: unapplied, shell: {} });
  const withSecrets = (text: string) =>
    JSON.parse(JSON.stringify(PLAN).replaceAll(/"(two|secret)"/g, JSON.stringify(text)));

  test("the values count, by a key that only the state has", () => {
    expect(of(withSecrets("three")).sha256).not.toBe(of().sha256);
    expect(of(PLAN, { lineage: "another" }).fields["a.b after.password"]).not.toBe(of().fields["a.b after.password"]);
    expect(of().secretsByName).toBe(false);
  });

  test("only the names count before there is a state", () => {
    expect(first(withSecrets("three")).sha256).toBe(first(PLAN).sha256);
    expect(first(PLAN).secretsByName).toBe(true);
    const { password: _password, ...without } = CHANGE.after;
    const fewer = {
      ...PLAN,
      resource_changes: [{ ...PLAN.resource_changes[0], change: { ...CHANGE, after: without } }],
    };
    expect(first(fewer).sha256).not.toBe(first(PLAN).sha256);
  });

  test.each([{}, { sensitive: false }])(
    "the passphrase of the state is one, also where it is declared as %j",
    (declared) => {
      const plan = (value: string) => ({
        ...PLAN,
        variables: { ...PLAN.variables, state_passphrase: { value } },
        configuration: {
          root_module: { variables: { ...PLAN.configuration.root_module.variables, state_passphrase: declared } },
        },
      });
      expect(first(plan("sixteen letters!")).fields).toEqual(first(plan("other letters!!!")).fields);
      expect(of(plan("sixteen letters!")).sha256).not.toBe(of(plan("other letters!!!")).sha256);
    },
  );

  test("no field tells a value", () => {
    for (const text of ["two", "secret", "free", "pro"])
      expect(JSON.stringify(Object.values(of().fields))).not.toContain(`"${text}`);
  });
});

test("of a plan that cannot be opened, what Terraform tells of its configuration counts", () => {
  const other = { ...PLAN, configuration: { root_module: { resources: [{ address: "x.y" }] } } };
  expect(of(other).sha256).toBe(of({ ...PLAN, configuration: {} }).sha256);
  expect(of(other, { isEncrypted: true }).sha256).not.toBe(of(PLAN, { isEncrypted: true }).sha256);
});

test("what differs is told by addresses and fields, in one line that ends", () => {
  const resources = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`r${index}.x after.size`, "1"]));
  const fields = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`a.b after.f${index}`, "1"]));
  const approved = { "same.x after.plan": "1", "a.b after.name": "1", 'k.v["x y"] before.z': "1", "gone.x after": "1" };
  const found = { "same.x after.plan": "1", "a.b after.name": "2", 'k.v["x y"] before.z': "2" };
  expect(describeDifference(approved, found)).toBe('a.b (name), gone.x, k.v["x y"] (z)');
  expect(describeDifference({}, { "a.b\u001b[31m after": "1" })).toBe("a.b�[31m");
  expect(describeDifference({}, { ...fields, ...resources })).toMatch(
    /^a\.b \(f0, f1, f2, f3, f4, f5, 3 more\), r0\.x \(size\), .*, 19 more$/,
  );
  expect(describeDifference(found, found)).toBe("");
});
