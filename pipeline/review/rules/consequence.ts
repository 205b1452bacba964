import { z } from "zod";
import { attributeChangeSchema } from "../plan/attribute-change.ts";

/** The kinds of consequences and what people read for each, the worst first. A review lists them in this order. */
export const KIND_TITLES = {
  "data-loss": "Data loss",
  code: "Code that runs",
  weaker: "Weakens later plans",
  "not-analysed": "Not analysed",
  refused: "Refused by Render",
  duplicate: "Duplicate",
  new: "New instance",
  restart: "Restart",
  behaviour: "Behaviour",
  redeploy: "Redeploy",
  reach: "Services reached",
  exposure: "Exposure",
  cost: "Cost",
  checks: "Checks",
  bookkeeping: "Also",
} as const;

export type Kind = keyof typeof KIND_TITLES;

export const KINDS = Object.keys(KIND_TITLES) as readonly Kind[];

export const consequenceSchema = z.strictObject({
  kind: z.enum(KINDS),
  /** The Terraform address that it is about. */
  address: z.string(),
  /** The construct's path in our code; absent when the code has it no more, or never had. */
  path: z.string().optional(),
  /** A whole sentence for an operator. Never holds a value that Terraform marks as sensitive. */
  consequence: z.string(),
  /** What brings it about: attributes, with the old and the new value. */
  causes: z.array(attributeChangeSchema).readonly(),
  /** Whether the apply waits until somebody says `--ack <kind>:<address>`. */
  acknowledge: z.boolean(),
});

/** One consequence of a plan. */
export type Consequence = Readonly<z.output<typeof consequenceSchema>>;

/** What `--ack` takes for a consequence. */
export function acknowledgement({ kind, address }: Pick<Consequence, "kind" | "address">): string {
  return `${kind}:${address}`;
}

/** The order of a review: by kind, then by address, then as the rules stand. */
export function sortConsequences(consequences: readonly Consequence[]): Consequence[] {
  return consequences.toSorted(
    (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || compare(a.address, b.address),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
