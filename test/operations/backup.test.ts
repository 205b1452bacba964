import { createHash } from "node:crypto";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkArchive, type Lock, type Manifest } from "../../operations/archive.ts";
import { type BackupOptions, backUp } from "../../operations/backup.ts";
import { LARGEST_DUMP, OWN_PREFIX, type Store } from "../../operations/dumps.ts";
import { type RestoreOptions, restore } from "../../operations/restore.ts";
import { Stop } from "../../runtime/errors.ts";
import { ACL, BINARY, contentOf, cutAfter, fill, open, startServer } from "./stores.ts";

/** What a store is opened with changes nothing: a login, and questions. */
const FIRST_WRITE = 11;
/** Of {@link fill}. */
const KEYS = 75;

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "backup-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function backedUp(store: Store, options: Partial<BackupOptions> = {}): Promise<string> {
  const path = join(directory(), "backup");
  const about = { environment: "local", instance: { id: "red-1", name: "redis" } };
  await backUp(store, createWriteStream(path), { about, byType: false, lock: {}, onProgress: () => {}, ...options });
  return path;
}

const restored = (store: Store, path: string, options: Partial<RestoreOptions> = {}) =>
  restore(store, { path, lock: {}, rule: "none", onProgress: () => {}, ...options });

describe("a backup", () => {
  test.each([
    ["by DUMP", ACL.plain, false],
    ["by type", ACL.plain, true],
    ["where sizes and idle times are refused", ACL.blind, false],
    ["where DUMP is refused", `${ACL.blind} -dump -restore`, false],
  ])("%s is restored to the same content", async (_, acl, byType) => {
    const [one, other] = await Promise.all([startServer({ acl }), startServer({ acl })]);
    const store = await open(one.port);
    await fill(store);
    const content = await contentOf(one);
    const path = await backedUp(store, { byType });
    const result = await restored(await open(other.port), path);
    expect(Object.fromEntries(result.wrong)).toEqual({});
    expect(result).toMatchObject({ equal: KEYS, kept: 0, expired: 0 });
    expect(await contentOf(other)).toEqual(content);
  });

  test("of large values has them in pieces, and they arrive whole", async () => {
    const [one, other] = await Promise.all([startServer(), startServer()]);
    const store = await open(one.port);
    const half = "x".repeat(LARGEST_DUMP / 2 + 1_000);
    await store.connection.send([
      ["SET", "text", half],
      ["APPEND", "text", BINARY],
      ["APPEND", "text", half],
      ["EVAL", 'for i = 1, 40000 do redis.call("HSET", "hash", i, string.rep(i, 100)) end', "0"],
      ["EVAL", 'for i = 1, 40000 do redis.call("RPUSH", "list", string.rep(i, 100)) end', "0"],
      ["PEXPIREAT", "list", String(Date.now() + 3_600_000)],
    ]);
    const path = await backedUp(store);
    const result = await restored(await open(other.port), path);
    expect(result).toMatchObject({ equal: 3, wrong: new Map() });
    expect(await contentOf(other)).toEqual(await contentOf(one));
  });

  test("tells what is in it, and leaves out what the project keeps for itself", async () => {
    const store = await open((await startServer()).port);
    await fill(store);
    await store.connection.send([["SET", `${OWN_PREFIX}marker`, "x"]]);
    const manifest = await checkArchive(await backedUp(store), {});
    expect(manifest).toMatchObject({
      environment: "local",
      instance: { id: "red-1", name: "redis" },
      keys: { string: 65, list: 2, set: 2, hash: 2, zset: 2, stream: 2 },
      expiring: 31,
      isOneMoment: false,
      notCarried: [],
    });
    expect(manifest.server).toMatch(/^(Redis|Valkey) \d/);
    expect(manifest.bytes).toBeGreaterThan(100_000);
  });

  test.each<[string, () => Promise<[Lock, Lock, Lock]>]>([
    ["by a passphrase", async () => [{ passphrase: "correct horse battery" }, { passphrase: "another horse" }, {}]],
    [
      "for a key",
      async () => {
        const [ours, theirs] = [await generateX25519Identity(), await generateX25519Identity()];
        const key = { recipients: [await identityToRecipient(ours)], identities: `# ours\n${ours}\n` };
        return [key, { identities: theirs }, {}];
      },
    ],
  ])("that is encrypted %s is read with it alone", async (_, locks) => {
    const store = await open((await startServer()).port);
    await fill(store);
    const [right, ...wrong] = await locks();
    const path = await backedUp(store, { lock: right });
    expect(readFileSync(path, "latin1")).not.toContain("value 1");
    expect((await checkArchive(path, right)).keys.string).toBe(65);
    for (const lock of wrong) await expect(checkArchive(path, lock)).rejects.toMatchObject({ outcome: "misused" });
  });

  test("that is damaged anywhere, or cut off, is refused", async () => {
    const store = await open((await startServer()).port);
    await fill(store, 1, 20);
    const path = await backedUp(store);
    const bytes = readFileSync(path);
    const damaged = join(directory(), "damaged");
    for (let at = 0; at < bytes.length; at += 97) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at);
      // Of gzip's header six bytes say when and by what it was made.
      if (at >= 3 && at < 10) continue;
      for (const content of [changed, bytes.subarray(0, at)]) {
        writeFileSync(damaged, content);
        await expect(checkArchive(damaged, {}), `at ${at}`).rejects.toBeInstanceOf(Stop);
      }
    }
  });

  test("whose checksum was made to fit does not run a command that makes no value", async () => {
    const store = await open((await startServer()).port);
    await store.connection.send([["SET", "a", "1"]]);
    const path = await backedUp(store, { byType: true });
    const content = gunzipSync(readFileSync(path)).subarray(0, -32).toString("latin1");
    const forged = Buffer.from(
      content.replace("$6\r\nAPPEND\r\n$0\r\n\r\n$1\r\n1", "$8\r\nFLUSHALL\r\n$0\r\n\r\n$1\r\n1"),
      "latin1",
    );
    writeFileSync(path, gzipSync(Buffer.concat([forged, createHash("sha256").update(forged).digest()])));
    const other = await open((await startServer()).port);
    await other.connection.send([["SET", "b", "2"]]);
    await expect(restored(other, path, { rule: "replace" })).rejects.toThrow("a command that makes no value");
    expect(await other.connection.send([["GET", "b"]])).toEqual(["2"]);
  });
});

describe("a restore", () => {
  test.each<[string, Partial<Store>, string[][], Partial<Manifest>, RegExp]>([
    ["into an instance with keys", {}, [["SET", "a", "1"]], {}, /not empty: it has 1 keys.*--merge keep/],
    [
      "into too small a plan",
      { freeBytes: 1_000 },
      [],
      {},
      /needs 0\.\d MB, and the instance has 0\.0 MB left.*larger plan/,
    ],
    ["into an older server", {}, [], { dumpFormat: 999 }, /older.*--by-type/],
    ["beside another one", {}, [["SET", "render-redis:restore", "other 3"]], {}, /Another backup was being restored/],
    ["without RESTORE", { allowed: { RESTORE: false } as Store["allowed"] }, [], {}, /may not RESTORE.*--by-type/],
  ])("%s is refused before it begins", async (_, changed, before, manifest, message) => {
    const [one, other] = [await open((await startServer()).port), await open((await startServer()).port)];
    await fill(one, 3);
    await other.connection.send(before);
    const path = await backedUp(one);
    if (manifest.dumpFormat !== undefined) {
      const records = gunzipSync(readFileSync(path)).subarray(0, -32).toString("latin1");
      const forged = records.replace(
        /\$(\d+)\r\n(\{"format"[^\r]*?"dumpFormat":)(\d+)/,
        (_all, length, text, format) => {
          return `$${Number(length) + 3 - format.length}\r\n${text}999`;
        },
      );
      const bytes = Buffer.from(forged, "latin1");
      writeFileSync(path, gzipSync(Buffer.concat([bytes, createHash("sha256").update(bytes).digest()])));
    }
    const keys = await other.connection.send([["DBSIZE"]]);
    await expect(restored({ ...other, ...changed }, path)).rejects.toThrow(message);
    expect(await other.connection.send([["DBSIZE"]])).toEqual(keys);
  });

  test.each<["keep" | "replace", object, string]>([
    ["keep", { equal: 2, kept: 1 }, "theirs"],
    ["replace", { equal: 3, kept: 0 }, "ours"],
  ])("that is merged: %s", async (rule, counts, value) => {
    const [one, other] = [await open((await startServer()).port), await open((await startServer()).port)];
    await one.connection.send([
      ["SET", "both", "ours"],
      ["SET", "new", "1"],
      ["SADD", "same", "1"],
    ]);
    await other.connection.send([
      ["SET", "both", "theirs"],
      ["SET", "theirs", "1"],
      ["SADD", "same", "1"],
    ]);
    const path = await backedUp(one);
    expect(await restored(other, path, { rule })).toMatchObject({ ...counts, wrong: new Map() });
    expect(await other.connection.send([["MGET", "both", "new", "theirs"], ["DBSIZE"]])).toEqual([
      [value, "1", "1"],
      4,
    ]);
  });

  test("leaves out what has expired, and says what differs", async () => {
    const [one, other] = [await open((await startServer()).port), await startServer()];
    await one.connection.send([
      ["SET", "short", "x", "PX", "1500"],
      ["SET", "a", "1"],
    ]);
    const path = await backedUp(one);
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    const store = await open(other.port);
    expect(await restored(store, path)).toMatchObject({ equal: 1, expired: 1, wrong: new Map() });
    // Something else writes between the restoring and the comparing.
    const result = await restored(store, path, {
      rule: "replace",
      onProgress: (text) => void (text === "comparing" && store.connection.send([["SET", "a", "2"]])),
    });
    expect(result.wrong).toEqual(new Map([["a", "its value is another"]]));
  });

  test.each([false, true])(
    "that is cut off at any command is resumed by the same call (by type: %s)",
    async (byType) => {
      const [one, other] = await Promise.all([startServer(), startServer()]);
      const store = await open(one.port);
      await fill(store, 1, 20);
      const path = await backedUp(store, { byType });
      const content = await contentOf(one);
      const whole = await open(other.port);
      let cuts = 0;
      for (let commands = FIRST_WRITE; ; commands += byType ? 11 : 1) {
        const cut = await open(await cutAfter(other.port, commands));
        const result = await restored(cut, path).catch((error: unknown) => error);
        if (!(result instanceof Error)) break;
        expect(result).toMatchObject({ name: "RedisFailure" });
        cuts += 1;
        expect(await restored(whole, path)).toMatchObject({ equal: 17, wrong: new Map() });
        expect(await contentOf(other), `after ${commands}`).toEqual(content);
        await other.admin(["FLUSHALL"]);
      }
      expect(cuts).toBeGreaterThan(10);
    },
  );
});
