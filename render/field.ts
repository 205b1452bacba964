import { z } from "zod";
import { InvalidValue } from "../runtime/errors.ts";
import { holdsToken } from "./spellings.ts";

/** What is known of one field of an instance or a service. Whatever else speaks of the field derives from it. */
export interface Field<S extends z.ZodType = z.ZodType> {
  /** Reads what people write; gives it in Render's spelling. */
  readonly schema: S;
  /** What it is. This and the other texts are Markdown, for the table in docs/environment.md. */
  readonly what: string;
  /** What holds when it is left out; absent for what must be given. */
  readonly otherwise?: string;
  /** Whether the checks prove it: they are told of it, and a change runs them again. */
  readonly proven?: true;
}

type Fields = Readonly<Record<string, Field>>;
type Shape<F extends Fields> = { -readonly [K in keyof F]: F[K]["schema"] };
type ProvenKeys<F extends Fields> = { [K in keyof F]: F[K] extends { readonly proven: true } ? K : never }[keyof F];
export type Proven<F extends Fields, Values> = Pick<Values, ProvenKeys<F> & keyof Values>;

/** The fields with their names, in the order in which they are written down. */
export function namesOf<F extends object>(fields: F): (keyof F & string)[] {
  return Object.keys(fields) as (keyof F & string)[];
}

/** The schemas of all fields, for `z.strictObject`. */
export function shapeOf<F extends Fields>(fields: F): Shape<F> {
  return Object.fromEntries(namesOf(fields).map((name) => [name, fields[name]?.schema])) as Shape<F>;
}

/** The schemas of what is proven, once everything is decided: nothing has a default then. */
export function provenShapeOf<F extends Fields>(fields: F): Pick<Shape<F>, ProvenKeys<F>> {
  const schemas = provenNames(fields).map((name) => [name, withoutDefault(fields[name]?.schema)]);
  return Object.fromEntries(schemas) as Pick<Shape<F>, ProvenKeys<F>>;
}

/** The values that the checks prove; what is left out stays out. */
export function provenOf<F extends Fields, V extends object>(fields: F, values: V): Proven<F, V> {
  const given = new Map<string, unknown>(Object.entries(values));
  const entries = provenNames(fields).flatMap((name) =>
    given.get(name) === undefined ? [] : [[name, given.get(name)]],
  );
  return Object.fromEntries(entries) as Proven<F, V>;
}

function provenNames<F extends Fields>(fields: F): (keyof F & string)[] {
  return namesOf(fields).filter((name) => fields[name]?.proven);
}

function withoutDefault(schema: z.ZodType | undefined): unknown {
  return schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
}

/** A text of this form. */
export function written(rule: string, form: Pick<RegExp, "test">) {
  const error = (issue: { readonly input?: unknown }) => refusal(rule, issue.input);
  return z.string({ error }).refine((text) => holdsToken(text) || form.test(text), { error });
}

/**
 * A text in any spelling that people use, read by a parser whose sentence becomes the message.
 *
 * @typeParam In What an editor offers.
 */
export function spelled<In extends string, Out>(parse: (text: string) => Out) {
  const token = z.custom<Out>(holdsToken);
  return z
    .custom<In>((value) => typeof value === "string", {
      error: ({ input }) => (input === undefined ? "is missing." : refusal("must be of type string", input)),
    })
    .transform((text, context): Out => {
      const known = token.safeParse(text);
      return known.success ? known.data : orIssue(context, () => parse(text));
    });
}

/** What it decides; an {@link InvalidValue} becomes an issue. */
export function orIssue<T>(context: z.RefinementCtx, decide: () => T, path: string[] = []): T {
  try {
    return decide();
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    context.addIssue({ code: "custom", message: error.message, path });
    return z.NEVER;
  }
}

function refusal(rule: string, got: unknown): string {
  return new InvalidValue(rule, got).message;
}

/** `evictionPolicy` in other spellings: `eviction_policy`, or `eviction policy` for people. */
export function separated(name: string, separator: "_" | " "): string {
  return name.replaceAll(/[A-Z]/g, (letter) => separator + letter.toLowerCase());
}

/** `max_memory_policy` is `maxMemoryPolicy` in TypeScript. */
export function propertyName(attribute: string): string {
  return attribute.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
