import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { EXIT_CODES, type Outcome } from "../runtime/errors.ts";
import { writePrivateFile } from "../runtime/private-file.ts";
import { jsonText } from "../runtime/text.ts";

/** The operations that leave evidence: what `checklist` reads. */
export const RECORDED = ["inspect", "baseline", "backup", "watch", "outage-drill", "checks"] as const;
export type Recorded = (typeof RECORDED)[number];

const OUTCOMES = Object.keys(EXIT_CODES) as [Outcome, ...Outcome[]];

/** What an operation did, the last time: version 1. Holds no secret, and nothing of the data. */
const evidenceSchema = z.object({
  schemaVersion: z.literal(1),
  operation: z.enum(RECORDED),
  environment: z.string(),
  /** The instance that it was about; absent where it was about all. */
  instance: z.object({ id: z.string(), name: z.string() }).optional(),
  begunAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  outcome: z.enum(OUTCOMES),
  /** One line for people: `1,204 keys, verified by reading back`. */
  summary: z.string(),
  /** Where what it made is. */
  file: z.string().optional(),
  /** What it measured, as the operation defines it. */
  facts: z.record(z.string(), z.json()).default({}),
});

export type Evidence = z.output<typeof evidenceSchema>;
type Given = Omit<z.input<typeof evidenceSchema>, "schemaVersion">;

/** Of what the evidence is. Its file holds the last one of each instance. */
export interface EvidenceOf {
  readonly environment: string;
  readonly operation: Recorded;
  readonly instanceId?: string | undefined;
  /** Where the project is. Default where the program runs. */
  readonly root?: string;
}

/** Where the evidence is. The directory is private: it tells what an instance holds. */
export function evidencePath({ environment, operation, instanceId, root = "" }: EvidenceOf): string {
  const name = instanceId === undefined ? operation : `${operation}-${instanceId}`;
  return join(root, ".evidence", environment, `${name}.json`);
}

/** Records what an operation did, in place of the last time. @returns where. */
export function recordEvidence(evidence: Given, root?: string): string {
  const { environment, operation, instance } = evidence;
  const path = evidencePath({
    environment,
    operation,
    instanceId: instance?.id,
    ...(root === undefined ? {} : { root }),
  });
  writePrivateFile(path, jsonText(evidenceSchema.parse({ schemaVersion: 1, ...evidence })));
  return path;
}

/** What an operation did the last time; `undefined` where there is none, or what is there is not evidence of it. */
export function readEvidence(of: EvidenceOf): Evidence | undefined {
  try {
    const found = evidenceSchema.parse(JSON.parse(readFileSync(evidencePath(of), "utf8")));
    const isOfIt = found.environment === of.environment && found.operation === of.operation;
    return isOfIt && found.instance?.id === of.instanceId ? found : undefined;
  } catch {
    return undefined;
  }
}
