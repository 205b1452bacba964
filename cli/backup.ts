import { existsSync, linkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { Command } from "commander";
import { checkArchive, type Lock, type Manifest, totalOf } from "../operations/archive.ts";
import { backUp } from "../operations/backup.ts";
import type { Store } from "../operations/dumps.ts";
import { recordEvidence } from "../operations/evidence.ts";
import { type Outcome, Stop } from "../runtime/errors.ts";
import { createPrivateFile } from "../runtime/private-file.ts";
import { append, parse } from "./parse.ts";
import type { CommandProgram, Program } from "./program.ts";
import { type About, keysFor, type Limits, namedKeys, placeOf, withLimits, withStore } from "./store.ts";

interface Options extends Limits {
  readonly out?: string;
  readonly recipient: readonly string[];
  readonly identity?: string;
  readonly byType: boolean;
}

const command = new Command("backup")
  .description("Backs up all keys of a Redis: as a stream, compressed, checksummed, and verified by reading back.")
  .argument("<environment>", "or env:<VARIABLE>, which holds the URL of any Redis")
  .argument("[instance]", "its name in the environment's file; needed where there are several")
  .option("--out <file>", "a new file, or - for standard output (default: .backups/, named by the time)")
  .option("--recipient <age1…>", "encrypt for this key of age; repeatable", append<string>, [])
  .option("--identity <file>", "age's key, to read the backup back when it is encrypted for it")
  .option("--by-type", "write commands instead of payloads: for a server that is older, or refuses RESTORE", false);
withLimits(command)
  .addHelpText("after", "\nA passphrase is read from BACKUP_PASSPHRASE.")
  .showHelpAfterError()
  .exitOverride();

export const program: CommandProgram = {
  name: "backup",
  command,
  run: (program) =>
    parse(command, (environment: string, instance: string | undefined, options: Options) =>
      withStore(program, placeOf(environment, instance), options, (store, about) =>
        run(program, store, about, options),
      ),
    ),
};

async function run(program: Program, store: Store, about: About, options: Options): Promise<Outcome> {
  const lock = lockOf(program, options);
  const { byType, out } = options;
  const request = { about: { environment: about.environment, instance: about.instance }, byType, lock };
  const { onProgress } = about;
  if (out === "-") {
    if (process.stdout.isTTY)
      throw new Stop("misused", "A backup is no text for a terminal: pipe it, or give --out a file.");
    const manifest = await backUp(store, bytesOut(program), { ...request, onProgress });
    return report(manifest, about, "written to standard output, not read back", undefined, process.stderr);
  }
  const path = out ?? defaultPath(about, lock);
  if (existsSync(path))
    throw new Stop("misused", `${path} exists, and a backup is never overwritten.`, {
      remedy: "Give --out another name.",
    });
  const part = `${path}.part`;
  try {
    const written = await backUp(store, createPrivateFile(part), { ...request, onProgress });
    onProgress("reading back");
    const isReadable = lock.recipients?.length === 0 || lock.identities !== undefined;
    const manifest = isReadable ? await checkArchive(part, lock) : written;
    // Unlike a renamed one, a link never replaces what is there.
    linkSync(part, path);
    const read = isReadable ? "verified by reading back" : "not read back: no --identity";
    return report(manifest, about, `${read}, ${statSync(path).size} bytes`, path, process.stdout);
  } finally {
    rmSync(part, { force: true });
  }
}

/** @throws Stop */
function lockOf(program: Program, { recipient, identity }: Options): Lock {
  const keys = keysFor(program, identity);
  if (keys.passphrase !== undefined && recipient.length > 0) {
    throw new Stop("misused", "Give --recipient or BACKUP_PASSPHRASE, not both.");
  }
  return { recipients: recipient, ...keys };
}

function defaultPath({ environment, instance }: About, { recipients = [], passphrase }: Lock): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const isEncrypted = recipients.length > 0 || passphrase !== undefined;
  return join(".backups", `${environment}-${instance.name}-${time}Z.redis.gz${isEncrypted ? ".age" : ""}`);
}

function bytesOut(program: Program): Writable {
  return new Writable({
    write: (chunk: Uint8Array, _encoding, done) => void program.bytes(chunk).then(() => done(), done),
  });
}

function report(
  manifest: Manifest,
  { environment, instance }: About,
  how: string,
  file: string | undefined,
  stream: NodeJS.WriteStream,
): Outcome {
  const { keys, bytes, begunAt, endedAt, notCarried, server } = manifest;
  const total = totalOf(manifest);
  const types = Object.entries(keys).map(([type, count]) => `${count} ${type}`);
  const outcome = notCarried.length > 0 ? "failed" : file === undefined ? "unknown" : "good";
  const summary = `${total} keys, ${how}`;
  const isVerified = file !== undefined && how.startsWith("verified");
  if (environment !== "-") {
    recordEvidence({
      ...{ operation: "backup", environment, instance, begunAt, endedAt, summary },
      outcome: outcome === "good" && !isVerified ? "unknown" : outcome,
      ...(file === undefined ? {} : { file }),
      facts: { keys: total, bytes },
    });
  }
  const lines = [
    `${instance.name} (${server}): ${summary}`,
    `  ${types.join(", ") || "no keys"}; ${(bytes / 1024 ** 2).toFixed(1)} MB of memory`,
    `  from ${begunAt} to ${endedAt}: each key as it was when it was read, not all at one moment`,
    ...(file === undefined ? [] : [`  ${file}`]),
    ...namedKeys(new Map(notCarried.map((key) => [key, "it could not be read, and is not in the backup"]))),
  ];
  stream.write(`${lines.join("\n")}\n`);
  return notCarried.length > 0 ? "failed" : "good";
}
