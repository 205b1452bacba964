import { expect, test } from "vitest";
import { missingAcknowledgements } from "../../pipeline/acknowledgements.ts";
import { ApplyProgress } from "../../pipeline/apply-progress.ts";
import { Secrets } from "../../runtime/secrets.ts";

const CHECK = "null_resource.redis_checks";

function hook(type: string, addr: string, rest: { message?: string; output?: string } = {}) {
  const { message = "", output } = rest;
  return { type, "@message": message, hook: { resource: { addr }, ...(output === undefined ? {} : { output }) } };
}

function progress(): ApplyProgress {
  const secrets = new Secrets();
  secrets.add("pass-word");
  return new ApplyProgress(secrets, (address) => address === CHECK);
}

test("what is done is kept in order, and shown masked", () => {
  const apply = progress();
  expect(apply.read(hook("apply_start", "a.b", { message: "a.b: Creating pass-word" }))).toBe("a.b: Creating ***");
  expect(apply.read(hook("apply_complete", "a.b", { message: "done" }))).toBe("done");
  expect(apply.read(hook("apply_complete", "c.d"))).toBe("");
  // What is replaced is destroyed, too.
  apply.read(hook("apply_complete", "a.b"));
  expect(apply.read(hook("refresh_start", "e.f", { message: "e.f: Refreshing" }))).toBeUndefined();
  expect(apply.read(hook("will_apply_later", "e.f", { message: "later" }))).toBeUndefined();
  expect(apply.read({ type: "version", "@message": "Terraform 1.14" })).toBeUndefined();
  expect(apply.result).toEqual({ done: ["a.b", "c.d"], failed: [], checks: [] });
});

test.each([
  ["provision_complete", "passed"],
  ["provision_errored", "failed"],
  [undefined, "interrupted"],
] as const)("checks that end with %s have %s; their lines are shown, masked and kept", (end, result) => {
  const apply = progress();
  apply.read(hook("provision_start", CHECK));
  expect(apply.read(hook("provision_progress", CHECK, { output: "ping pass-word\n \n\n  pong" }))).toBe(
    "  ping ***\n    pong",
  );
  if (end !== undefined) expect(apply.read(hook(end, CHECK))).toBeUndefined();
  expect(apply.result.checks).toEqual([{ address: CHECK, result, output: ["ping ***", "  pong"] }]);
});

test("other commands are shown and not kept", () => {
  const apply = progress();
  apply.read(hook("provision_start", "null_resource.other"));
  expect(apply.read(hook("provision_progress", "null_resource.other", { output: "hello" }))).toBe("  hello");
  apply.read(hook("provision_complete", "null_resource.other"));
  expect(apply.result.checks).toEqual([]);
});

test("errors are kept masked, without the output that was already read; warnings are not", () => {
  const apply = progress();
  const diagnostic = (severity: string, summary: string, address?: string) =>
    apply.read({
      type: "diagnostic",
      "@message": "",
      diagnostic: { severity, summary, detail: "", ...(address === undefined ? {} : { address }) },
    });
  diagnostic("warning", "Old");
  diagnostic("error", "exit 1 pass-word. Output: line\nline", CHECK);
  diagnostic("error", "Lost");
  expect(apply.result.failed).toEqual([{ address: CHECK, error: "exit 1 ***." }, { error: "Lost" }]);
});

const review = {
  findings: ["data-loss", "exposure"].map((kind) => ({
    kind: kind === "exposure" ? ("exposure" as const) : ("data-loss" as const),
    address: "a.b",
    consequence: "",
    causes: [],
    acknowledge: true,
  })),
};

test.each([
  [[], ["data-loss:a.b", "exposure:a.b"]],
  [["exposure:a.b"], ["data-loss:a.b"]],
  [["exposure:a.b", "data-loss:a.b"], []],
])("of the acknowledgements %o are missing", (given, missing) => {
  expect(missingAcknowledgements(review, given)).toEqual(missing);
});

test("an acknowledgement of nothing is a mistake", () => {
  expect(() => missingAcknowledgements(review, ["data-los:a.b"])).toThrow(
    '--ack "data-los:a.b" acknowledges nothing in this plan. This plan needs data-loss:a.b, exposure:a.b. Did you mean "data-loss:a.b"?',
  );
  expect(() => missingAcknowledgements(review, ["x"])).toThrow(/This plan needs data-loss:a\.b, exposure:a\.b\.$/);
  expect(() => missingAcknowledgements({ findings: [] }, ["x"])).toThrow("This plan needs none.");
});
