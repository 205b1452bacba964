import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lockedProviders, readPlanFile } from "../../pipeline/plan-file.ts";
import { Stop } from "../../runtime/errors.ts";
import { zipOf } from "./zip.ts";

const FILES = {
  tfplan: "binary",
  tfstate: '{"lineage":"c9c6","serial":3}',
  "tfconfig/modules.json": "[]",
  "tfconfig/m-/cdk.tf.json": '{"resource":{}}',
  "tfconfig/m-child/main.tf": "# a child",
  ".terraform.lock.hcl":
    'provider "registry.terraform.io/hashicorp/null" {\n  version     = "3.2.4"\n  constraints = "3.2.4"\n  hashes = [\n    "h1:x",\n  ]\n}\n\nprovider "a/b/c" {\n  version = "1.0.0"\n}\n',
};

test("a plan's file says what was planned, of what, and with which providers", () => {
  expect(readPlanFile(zipOf(FILES))).toEqual({
    configuration: new Map([
      ["m-/cdk.tf.json", '{"resource":{}}'],
      ["m-child/main.tf", "# a child"],
    ]),
    providers: { "registry.terraform.io/hashicorp/null": "3.2.4", "a/b/c": "1.0.0" },
    lineage: "c9c6",
  });
  expect(lockedProviders("")).toEqual({});
});

test("before the first apply there is no lineage", () => {
  const { lineage } = readPlanFile(zipOf({ ...FILES, tfstate: '{"lineage":""}' })) ?? {};
  expect(lineage).toBeUndefined();
});

test.each([
  ["an encrypted plan", '{"meta":{"key":"x"},"encrypted_data":"…"}'],
  ["nothing", ""],
])("%s is no zip file", (_what, text) => {
  expect(readPlanFile(Buffer.from(text))).toBeUndefined();
});

describe("what could be read in two ways is refused", () => {
  const good = zipOf(FILES);
  test.each<[what: string, bytes: Buffer, why: string]>([
    [
      "two files with one name",
      zipOf([...Object.entries(FILES), ["tfconfig/m-/cdk.tf.json", "{}"]]),
      "two files with one name",
    ],
    ["more behind the end", Buffer.concat([good, Buffer.from("x")]), "no end where one should be"],
    ["a comment that looks like another end", Buffer.concat([good, good.subarray(-22)]), "something between its parts"],
    ["half of it", Buffer.concat([good.subarray(0, 200), good.subarray(-22)]), "it is damaged"],
  ])("%s", (_what, bytes, why) => {
    expect(() => readPlanFile(bytes)).toThrow(
      expect.objectContaining({ name: "Stop", message: expect.stringContaining(why) }),
    );
  });

  test("whatever bytes change, it is read, or refused in words", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const bytes = Buffer.from(good);
          for (const [place, byte] of changes) bytes[place] = byte;
          try {
            readPlanFile(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(Stop);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
