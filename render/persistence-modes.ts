import { notOneOf } from "../runtime/invalid-value.ts";

/**
 * How an instance keeps its data on disk.
 *
 * - `journal_snapshot`: append-only file synced every second, and snapshots. Render's default for paid plans.
 * - `snapshot`: snapshots only; what was written since the last one is lost in a crash.
 * - `off`: nothing; every restart begins empty. The only mode of the free plan.
 */
export const PERSISTENCE_MODES = ["journal_snapshot", "snapshot", "off"] as const;

export type PersistenceMode = (typeof PERSISTENCE_MODES)[number];

/** The mode that a text names; Render's Blueprints write `journal-snapshot`.
 *
 * @throws InvalidValue naming the modes and the nearest match. */
export function parsePersistenceMode(text: string): PersistenceMode {
  const spelling = text.trim().toLowerCase().replaceAll("-", "_");
  const mode = PERSISTENCE_MODES.find((known) => known === spelling);
  if (mode === undefined) throw notOneOf(PERSISTENCE_MODES, text);
  return mode;
}
