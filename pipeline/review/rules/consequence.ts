import type { AttributeChange } from "../plan/attribute-change.ts";

/** The kinds of consequences, the worst first. A review lists them in this order. */
export const KINDS = [
  "data-loss",
  "refused",
  "duplicate",
  "restart",
  "behaviour",
  "redeploy",
  "exposure",
  "cost",
  "checks",
  "bookkeeping",
] as const;

export type Kind = (typeof KINDS)[number];

/** What people read for a kind. */
export const KIND_TITLES: Readonly<Record<Kind, string>> = {
  "data-loss": "Data loss",
  refused: "Refused by Render",
  duplicate: "Duplicate",
  restart: "Restart",
  behaviour: "Behaviour",
  redeploy: "Redeploy of the backend",
  exposure: "Exposure",
  cost: "Cost",
  checks: "Checks",
  bookkeeping: "Also",
};

/** One consequence of a plan. */
export interface Finding {
  readonly kind: Kind;
  /** The Terraform address that it is about. */
  readonly address: string;
  /** A whole sentence for an operator. Never holds a value that Terraform marks as sensitive. */
  readonly consequence: string;
  /** What brings it about: attributes, with the old and the new value. */
  readonly causes: readonly AttributeChange[];
  /** Whether the apply waits until somebody says `--ack <kind>:<address>`. */
  readonly acknowledge: boolean;
}

/** What `--ack` takes for a finding. */
export function acknowledgement({ kind, address }: Pick<Finding, "kind" | "address">): string {
  return `${kind}:${address}`;
}

/** The order of a review: by kind, then by address, then as the rules stand. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || compare(a.address, b.address));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
