import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { evidencePath, readEvidence, recordEvidence } from "../../operations/evidence.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "evidence-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const GIVEN = {
  operation: "backup",
  environment: "local",
  instance: { id: "red-1", name: "queue" },
  begunAt: "2026-11-30T22:00:00.000Z",
  endedAt: "2026-11-30T22:01:00.000Z",
  outcome: "good",
  summary: "12 keys, verified by reading back",
  file: ".backups/one",
  facts: { keys: 12 },
} as const;

const OF = () => ({ environment: "local", operation: "backup", instanceId: "red-1", root }) as const;

test("the last evidence of an operation is read again, and is its owner's alone", () => {
  const path = recordEvidence(GIVEN, root);
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(readEvidence(OF())).toEqual({ schemaVersion: 1, ...GIVEN });
});

test.each([
  ["of another environment", "production", "backup", "red-1"],
  ["of another operation", "local", "baseline", "red-1"],
  ["of another instance", "local", "backup", "red-2"],
] as const)("evidence %s proves nothing, whatever its file is called", (_, environment, operation, instance) => {
  const path = recordEvidence(GIVEN, root);
  const text = readFileSync(path, "utf8");
  recordEvidence({ ...GIVEN, environment, operation, instance: { id: instance, name: "queue" } }, root);
  const of = { environment, operation, instanceId: instance, root };
  writeFileSync(evidencePath(of), text);
  expect(readEvidence(of)).toBeUndefined();
});

test("what is no evidence is none", () => {
  const path = recordEvidence(GIVEN, root);
  writeFileSync(path, '{"schemaVersion":1,"operation":"backup"}');
  expect(readEvidence(OF())).toBeUndefined();
  expect(readEvidence({ environment: "local", operation: "watch", root })).toBeUndefined();
});
