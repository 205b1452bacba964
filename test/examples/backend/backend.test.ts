import { mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProviderSink } from "../../../dev/drills/provider-sink.ts";
import { Claims } from "../../../examples/backend/claims.ts";
import { Sender } from "../../../examples/backend/sender.ts";
import { readSettings } from "../../../examples/backend/settings.ts";

const MESSAGE = { id: "m1", channel: "sms", to: "+15550100", text: "hello" } as const;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "backend-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("a claim", () => {
  test("is one process's at a time, and over once the message is sent", async () => {
    const [one, other] = [new Claims(directory), new Claims(directory)];
    expect(await one.take("m1")).toBe("mine");
    expect(await other.take("m1")).toBe("taken");
    await one.sent("m1");
    expect(await other.take("m1")).toBe("sent");
  });

  test("can be taken by the next after it was released", async () => {
    const claims = new Claims(directory);
    await claims.take("m1");
    await claims.release("m1");
    expect(await claims.take("m1")).toBe("mine");
  });

  test("of a process that died is taken over by exactly one", async () => {
    const claims = new Claims(directory);
    await claims.take("m1");
    utimesSync(join(directory, "m1"), new Date(0), new Date(0));
    const many = Array.from({ length: 20 }, () => new Claims(directory));
    const first = await Promise.all(many.map((each) => each.take("m1")));
    const second = await Promise.all(many.map((each) => each.take("m1")));
    expect([...first, ...second].filter((claim) => claim === "mine")).toHaveLength(1);
  });
});

describe("a message", () => {
  let sink: ProviderSink;
  beforeEach(async () => {
    sink = await ProviderSink.start(20);
  });
  afterEach(() => sink.stop());

  test("is sent once, however many ask at the same time", async () => {
    const senders = Array.from({ length: 10 }, () => new Sender(new Claims(directory), sink.url));
    await Promise.all(senders.map((sender) => sender.send(MESSAGE)));
    expect(sink.times(MESSAGE.id)).toBe(1);
  });

  test("that the provider did not take can be sent again", async () => {
    const nobody = new Sender(new Claims(directory), "http://127.0.0.1:9");
    await expect(nobody.send(MESSAGE)).rejects.toThrow();
    await new Sender(new Claims(directory), sink.url).send(MESSAGE);
    expect(sink.times(MESSAGE.id)).toBe(1);
  });
});

test.each([
  [{ REDIS_URL: "http://:p4ssword@h" }, "REDIS_URL must be a redis:// or rediss:// address"],
  [{ ENABLE_QUEUES: "maybe" }, 'ENABLE_QUEUES must be "true" or "false"'],
  [{ DATA_DIRECTORY: undefined }, "DATA_DIRECTORY is not set"],
])("settings %o are refused without showing a value", (change, message) => {
  const env = { DATA_DIRECTORY: "/tmp/x", ...change };
  expect(() => readSettings(env)).toThrow(message);
  expect(() => readSettings(env)).not.toThrow("p4ssword");
});
