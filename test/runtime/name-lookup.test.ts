import dns from "node:dns";
import { promisify } from "node:util";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import type { ChildEnd } from "../../runtime/child-process.ts";
import { lookUpNamesApart } from "../../runtime/name-lookup.ts";

const run = vi.hoisted(() => vi.fn<(command: string, args: string[]) => Promise<Partial<ChildEnd>>>());
vi.mock("../../runtime/child-process.ts", () => ({ runChild: run }));

const before = dns.lookup;
lookUpNamesApart();
afterAll(() => void Object.assign(dns, { lookup: before }));

const found = [
  { address: "192.0.2.1", family: 4 },
  { address: "2001:db8::1", family: 6 },
];
beforeEach(() => void run.mockReset().mockResolvedValue({ stdout: JSON.stringify({ found }) }));

/** What the callback is given. */
function lookup(name: string, ...options: (dns.LookupOptions | number)[]): Promise<unknown[]> {
  return new Promise((resolve) => {
    Reflect.apply(dns.lookup, dns, [name, ...options, (...given: unknown[]) => resolve(given)]);
  });
}

test.each<[string, (dns.LookupOptions | number)[], unknown[]]>([
  ["one", [], [null, "192.0.2.1", 4]],
  ["a-family", [6], [null, "192.0.2.1", 4]],
  ["all", [{ all: true }], [null, found]],
])("a name is looked up in another process: %s", async (name, options, given) => {
  expect(await lookup(name, ...options)).toEqual(given);
  const [command, args] = run.mock.calls[0] ?? [];
  expect([command, args?.[2]]).toEqual([process.execPath, name]);
  expect(JSON.parse(args?.[3] ?? "")).toMatchObject({ all: true, ...(name === "a-family" ? { family: 6 } : {}) });
});

test("an answer is used again, a failure is not", async () => {
  await lookup("twice");
  await lookup("twice");
  expect(run).toHaveBeenCalledTimes(1);
  run.mockResolvedValue({ stdout: JSON.stringify({ code: "ENOTFOUND" }) });
  for (const time of [2, 3]) {
    const [error] = await lookup("nowhere");
    expect(error).toMatchObject({ message: "getaddrinfo ENOTFOUND nowhere", code: "ENOTFOUND", hostname: "nowhere" });
    expect(run).toHaveBeenCalledTimes(time);
  }
});

test("what needs no resolver is not looked up apart", async () => {
  expect(await lookup("127.0.0.1")).toEqual([null, "127.0.0.1", 4]);
  expect((await lookup("localhost", { all: true }))[0]).toBe(null);
  expect(run).not.toHaveBeenCalled();
});

test("where nothing can be started, Node asks itself", async () => {
  run.mockRejectedValue(new Error("EAGAIN"));
  // No name of the internet can be this long.
  const [error] = await lookup("x".repeat(300));
  expect(error).toMatchObject({ syscall: "getaddrinfo" });
});

test("the program that asks says what the system says", async () => {
  const { runChild } = await vi.importActual<typeof import("../../runtime/child-process.ts")>(
    "../../runtime/child-process.ts",
  );
  run.mockImplementation((command, args) =>
    runChild(
      command,
      args.map((arg) => (arg === "itself" ? "localhost" : arg)),
    ),
  );
  const all = await promisify(before)("localhost", { all: true });
  expect(await lookup("itself", { all: true })).toEqual([null, all]);
});
