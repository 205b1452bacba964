import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { tryLibraries } from "../../../checks/queue/try-libraries.ts";
import { parseRedisUrl } from "../../../redis/address.ts";
import { type RedisServer, startRedis, USER } from "../support/redis-server.ts";
import { blackHole, breaking, closing, type Listener, slow } from "../support/sockets.ts";

const PASSWORD = "of these tests";
const GOOD = [
  { library: "Bull", outcome: { reply: "OK" } },
  { library: "BullMQ", outcome: { reply: "OK" } },
];

let server: RedisServer;
let url: string;

beforeAll(async () => {
  server = await startRedis({ password: PASSWORD });
  url = `redis://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`;
});

afterAll(() => server.stop());

beforeEach(async () => {
  await server.admin(["FLUSHALL"], ["CONFIG", "SET", "maxmemory", "10mb"]);
});

const soon = () => AbortSignal.timeout(200_000);
const tryAt = (where: string, signal = soon()) =>
  tryLibraries(["bull", "bullmq", "celery"], parseRedisUrl(where), signal);
const both = (failure: string) => GOOD.map(({ library }) => ({ library, outcome: { failure } }));

/** The way to the server leads through here, up to the end of the test. */
async function by(way: Promise<Listener>): Promise<string> {
  const { port, stop } = await way;
  onTestFinished(stop);
  return url.replace(/\d+$/, String(port));
}

test("a job passes through each, and leaves nothing behind", async () => {
  expect(await tryAt(url)).toEqual(GOOD);
  const [size] = await server.admin(["DBSIZE"]);
  expect(size).toBe(0);
  await sleep(50);
  const [clients] = await server.admin(["CLIENT", "LIST"]);
  expect(String(clients).trim().split("\n")).toHaveLength(1);
});

describe("says why it does not", () => {
  test.each([
    ["a wrong password", async () => url.replace(/:[^:]+@/, ":wrong@"), "WRONGPASS"],
    ["nobody there", async () => "redis://localhost:1", "REFUSED"],
    ["closed at once", () => by(closing()), "CLOSED"],
    ["cut while it logs in", () => by(breaking(server.port, 1, "cut")), "CLOSED"],
    ["cut when it has logged in", () => by(breaking(server.port, 5, "cut")), "CLOSED"],
  ])("%s", async (_, where, failure) => {
    expect(await tryAt(await where())).toEqual(both(failure));
  });

  test("cut in the middle of an answer", async () => {
    const open = await startRedis();
    onTestFinished(() => open.stop());
    const { port, stop } = await breaking(open.port, 100, "cut");
    onTestFinished(stop);
    expect(await tryAt(`redis://127.0.0.1:${port}`)).toEqual(both("CLOSED"));
  });

  test("cut in the middle of a job, at once", async () => {
    const way = await slow(server.port, 200);
    const trying = tryAt(url.replace(/\d+$/, String(way.port)));
    await sleep(800);
    await way.stop();
    expect(await trying).toEqual(both("CLOSED"));
  });

  test("a full memory", async () => {
    await server.admin(["CONFIG", "SET", "maxmemory", "1"]);
    expect(await tryAt(url)).toEqual(both("OOM"));
  });

  test("a frozen server, up to the signal", async () => {
    server.signal("SIGSTOP");
    onTestFinished(() => server.signal("SIGCONT"));
    expect(await tryAt(url, AbortSignal.timeout(300))).toEqual(both("STOPPED"));
  });
});

describe("several at once", () => {
  test("are tried each for itself: what fails for some does not reach the others", async () => {
    const signal = AbortSignal.timeout(10_000);
    const hole = await by(blackHole());
    const shut = await by(closing());
    const outcomes = await Promise.all([url, hole, shut, "redis://localhost:1", url].map((at) => tryAt(at, signal)));
    expect(outcomes).toEqual([GOOD, both("STOPPED"), both("CLOSED"), both("REFUSED"), GOOD]);
    // One that did not end may be in the way; who comes later does not notice.
    expect(await tryAt(url)).toEqual(GOOD);
  });

  test("all pass, by twenty, over a slow network", async () => {
    const far = await by(slow(server.port, 25));
    expect(await Promise.all(Array.from({ length: 20 }, () => tryAt(far)))).toEqual(Array(20).fill(GOOD));
  });
});
