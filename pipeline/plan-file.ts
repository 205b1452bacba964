import { inflateRawSync } from "node:zlib";
import { z } from "zod";
import { Stop } from "../runtime/errors.ts";

/** What lies in the file of a saved plan beside the plan itself. */
export interface PlanFile {
  /** The configuration that was planned, by module and file: `m-/cdk.tf.json` is one of the root module. */
  readonly configuration: ReadonlyMap<string, string>;
  /** The versions of the providers by their addresses. */
  readonly providers: Readonly<Record<string, string>>;
  /** The id that the state keeps for its life; absent when nothing was ever applied. */
  readonly lineage?: string | undefined;
  /** Whether it could not be opened, so that the configuration is the one in the directory that it was planned in. */
  readonly isEncrypted?: true;
}

const SIGNATURES = { entry: 0x02014b50, file: 0x04034b50, end: 0x06054b50 } as const;
/** Bytes of the record at the end of a zip file, when it has no comment. */
const END_BYTES = 22;
/** Bytes. Far more than a state is: Terraform itself holds all of it in memory. */
const LONGEST = 256 * 1024 * 1024;
const METHODS = { stored: 0, deflated: 8 } as const;

const stateSchema = z.object({ lineage: z.string() });

/**
 * Reads what Terraform and OpenTofu put into a plan file, which is a zip file.
 *
 * @returns Nothing when it is not one: OpenTofu can encrypt its plans.
 * @throws Stop when it is one and cannot be read without doubt, by Terraform and by us alike.
 */
export function readPlanFile(bytes: Buffer): PlanFile | undefined {
  if (bytes.length < END_BYTES || bytes.readUInt32LE(0) !== SIGNATURES.file) return undefined;
  try {
    return readEntries(unzip(bytes));
  } catch (error) {
    // Node's own errors have a code, and may quote what they could not read.
    const reason = error instanceof RangeError && !("code" in error) ? error.message : "it is damaged";
    throw new Stop("failed", `The plan's file cannot be read: ${reason}.`, { remedy: "Plan again." });
  }
}

function readEntries(entries: ReadonlyMap<string, () => string>): PlanFile {
  const configuration = [...entries].flatMap(([name, read]): [string, string][] =>
    name.startsWith("tfconfig/m-") ? [[name.slice("tfconfig/".length), read()]] : [],
  );
  const { lineage } = stateSchema.parse(JSON.parse(entries.get("tfstate")?.() ?? '{"lineage":""}'));
  return {
    configuration: new Map(configuration),
    providers: lockedProviders(entries.get(".terraform.lock.hcl")?.() ?? ""),
    ...(lineage === "" ? {} : { lineage }),
  };
}

/** The versions in a dependency lock file. Its checksums are left out: they depend on the machine's platform. */
export function lockedProviders(lockFile: string): Record<string, string> {
  const entries = lockFile.matchAll(/^provider "([^"]+)" \{[^}]*?\bversion\s*=\s*"([^"]+)"/gm);
  return Object.fromEntries([...entries].map(([, address = "", version = ""]) => [address, version]));
}

/** The files in a zip file by name, as functions that read them. Nothing in it may be understood in two ways. */
function unzip(bytes: Buffer): Map<string, () => string> {
  const end = bytes.length - END_BYTES;
  expectSignature(bytes, end, "end");
  const files = new Map<string, () => string>();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    expectSignature(bytes, at, "entry");
    const nameEnd = at + 46 + bytes.readUInt16LE(at + 28);
    const name = bytes.toString("utf8", at + 46, nameEnd);
    if (files.has(name)) throw new RangeError("it has two files with one name");
    const [method, size, place] = [
      bytes.readUInt16LE(at + 10),
      bytes.readUInt32LE(at + 20),
      bytes.readUInt32LE(at + 42),
    ];
    files.set(name, () => readEntry(bytes, place, size, method));
    at = nameEnd + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  if (at !== end) throw new RangeError("there is something between its parts");
  return files;
}

function readEntry(bytes: Buffer, place: number, size: number, method: number): string {
  expectSignature(bytes, place, "file");
  const start = place + 30 + bytes.readUInt16LE(place + 26) + bytes.readUInt16LE(place + 28);
  if (start + size > bytes.length) throw new RangeError("a file in it has no end");
  const content = bytes.subarray(start, start + size);
  if (method === METHODS.stored) return content.toString();
  if (method === METHODS.deflated) return inflateRawSync(content, { maxOutputLength: LONGEST }).toString();
  throw new RangeError("a file in it has an unknown compression");
}

function expectSignature(bytes: Buffer, at: number, of: keyof typeof SIGNATURES): void {
  if (bytes.readUInt32LE(at) !== SIGNATURES[of]) throw new RangeError(`there is no ${of} where one should be`);
}
