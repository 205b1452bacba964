import { describe, expect, test } from "vitest";
import { sleep, until, within } from "../../runtime/wait.ts";

/** What waits for as long, though it should not, meets the limit of the test. */
const DAY_MS = 86_400_000;

describe("sleep", () => {
  test("says that the whole time has passed", async () => {
    expect(await sleep(5)).toBe(true);
  });

  test("ends when the signal fires, and says so", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    expect(await sleep(DAY_MS, controller.signal)).toBe(false);
    expect(await sleep(DAY_MS, controller.signal)).toBe(false);
  });
});

describe("until", () => {
  test("looks at once, and again until there is something", async () => {
    let looks = 0;
    expect(await until(() => (++looks === 1 ? "there" : undefined), { first: 60_000 })).toBe("there");
    looks = 0;
    expect(await until(async () => ++looks === 3 && looks, { first: 1 })).toBe(3);
  });

  test.each([0, "", null])("takes %j for something", async (found) => {
    expect(await until(() => found, { first: 60_000 })).toBe(found);
  });

  test("lets its pauses grow up to the longest", async () => {
    const at: number[] = [];
    await until(() => at.push(performance.now()) === 6, { first: 20, longest: 60 });
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    for (const [index, least] of [20, 30, 45, 60, 60].entries()) expect(pauses[index]).toBeGreaterThan(least - 2);
    let looks = 0;
    // Without a longest pause the last would be of months.
    expect(await until(() => ++looks === 60, { first: 1, longest: 2 })).toBe(true);
  });

  test("does not let them grow unless it is told to", async () => {
    let looks = 0;
    expect(await until(() => ++looks === 60, { first: 1 })).toBe(true);
  });

  test("waits at least as long as the last look was told, and no longer the next time", async () => {
    const at: number[] = [];
    const atLeast = () => (at.length === 1 ? 1_000 : 0);
    await until(() => at.push(performance.now()) === 3, { first: 5, atLeast });
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(pauses[0]).toBeGreaterThan(998);
    expect(pauses[1]).toBeLessThan(pauses[0] ?? 0);
    expect(await until(() => undefined, { withinMs: 1_000, first: 1, atLeast: () => 2_000 })).toBeUndefined();
  });

  test("waits for years without looking all the time", async () => {
    let looks = 0;
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    await until(() => void ++looks, { signal: controller.signal, first: 1, atLeast: () => 1e15 });
    expect(looks).toBe(1);
    expect(await within(1e15, async (signal) => [await sleep(20), signal.aborted])).toEqual([true, false]);
  });

  test("gives nothing when the signal fires first, and does not look after it", async () => {
    const controller = new AbortController();
    let looks = 0;
    const look = () => {
      looks += 1;
      controller.abort();
    };
    expect(await until(look, { signal: controller.signal, first: 60_000 })).toBeUndefined();
    expect(await until(look, { signal: controller.signal, first: 60_000 })).toBeUndefined();
    expect(looks).toBe(1);
  });

  test("does not wait for a look that would come too late", async () => {
    let looks = 0;
    const look = () => void ++looks;
    expect(await until(look, { withinMs: DAY_MS, first: 2 * DAY_MS })).toBeUndefined();
    expect(looks).toBe(1);
    await until(look, { withinMs: 50, first: 10 });
    expect(looks).toBeGreaterThan(2);
  });

  test("passes on what a look throws", async () => {
    const broken = until(() => Promise.reject(new Error("broken")), { first: 1 });
    await expect(broken).rejects.toThrow("broken");
  });
});

describe("within", () => {
  test("gives what the work gives", async () => {
    expect(await within(60_000, async (signal) => signal.aborted)).toBe(false);
  });

  test("fires its signal after the time", async () => {
    expect(await within(10, (signal) => sleep(20_000, signal))).toBe(false);
  });

  test("fires its signal with the outer one, for the same reason", async () => {
    const outer = new AbortController();
    setTimeout(() => outer.abort("enough"), 10);
    const seen = await within(60_000, async (signal) => [await sleep(20_000, signal), signal.reason], outer.signal);
    expect(seen).toEqual([false, "enough"]);
    expect(await within(60_000, async (signal) => signal.aborted, outer.signal)).toBe(true);
  });

  test("leaves nothing behind", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const before = timers();
    const outer = new AbortController();
    await expect(within(60_000, () => Promise.reject(new Error("broken")), outer.signal)).rejects.toThrow("broken");
    expect(timers()).toBe(before);
  });
});
