import { notOneOf } from "../runtime/invalid-value.ts";

/** Render's regions. A Key Value instance is reachable internally only from services in its own region. */
export const REGIONS = ["frankfurt", "ohio", "oregon", "singapore", "virginia"] as const;

export type Region = (typeof REGIONS)[number];

/** @throws InvalidValue naming the regions and the nearest match. */
export function parseRegion(text: string): Region {
  const region = REGIONS.find((known) => known === text.trim().toLowerCase());
  if (region === undefined) throw notOneOf(REGIONS, text);
  return region;
}
