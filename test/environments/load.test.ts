import { expect, test } from "vitest";
import { loadEnvironments } from "../../environments/load.ts";
import { Stop } from "../../runtime/errors.ts";

const at = (error: Error, frame: string) => Object.assign(error, { stack: `${error.name}: x\n    at ${frame}` });

test.each<[unknown, string]>([
  [
    at(new ReferenceError("notThere is not defined"), "<anonymous> (/home/me/r/environments/staging.ts:20:18)"),
    "environments/staging.ts:20:18 cannot be read: ReferenceError: notThere is not defined",
  ],
  [
    new Error('Transform failed with 1 error:\n/home/me/r/environments/staging.ts:3:11: ERROR: Unexpected ";"'),
    'environments/staging.ts:3:11 cannot be read: Error: ERROR: Unexpected ";"',
  ],
  [
    new Error("Cannot find module '/r/environments/stagin.ts' imported from /r/environments/environments.ts"),
    "environments/stagin.ts cannot be read: Error: Cannot find module",
  ],
  [at(new TypeError("a\u001b[31m\nb"), "dist/checks.cjs:1:2"), "An environment's file cannot be read: TypeError: a"],
  ["a text", "An environment's file throws something that is no error."],
])("%s is told, with the file", async (thrown, text) => {
  const loading = loadEnvironments(() => Promise.reject(thrown));
  await expect(loading).rejects.toThrow(text);
  await expect(loading).rejects.toMatchObject({ name: "Stop", outcome: "misused" });
  await expect(loading).rejects.not.toThrow(/\p{Cc}/u);
});

test("what already says what to do is left as it is, and what can be read is", async () => {
  const stop = new Stop("misused", "said");
  await expect(loadEnvironments(() => Promise.reject(stop))).rejects.toBe(stop);
  expect((await loadEnvironments()).resolveEnvironment("local").name).toBe("local");
});
