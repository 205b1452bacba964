import { z } from "zod";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The names of a path's parameters: `"id"` of `/key-value/:id`. */
type Names<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | Names<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

/** A text for each parameter of a path. */
export type Params<Path extends string> = { readonly [Name in Names<Path>]: string };

export type Status = 200 | 201 | 202 | 204;

/** One call of the API: what is sent, and what comes back. */
export interface Endpoint<Path extends string, Sent extends z.ZodType, Answer extends z.ZodType> {
  readonly method: Method;
  readonly path: Path;
  /** The query of `GET` and `DELETE`, the JSON body of the others. */
  readonly sent: Sent;
  readonly answer: Answer;
  /** Of success. The last one comes where there is no answer. */
  readonly statuses: readonly Status[];
}

/** A list that is read page by page. An entry is `{ cursor, [key]: item }`. */
export interface ListEndpoint<Path extends string, Item extends z.ZodType, Filter extends string> {
  readonly path: Path;
  readonly key: string;
  readonly item: Item;
  readonly filters: readonly Filter[];
}

const nothing = z.undefined();
type Nothing = typeof nothing;

export function get<P extends string, A extends z.ZodType>(path: P, answer: A): Endpoint<P, Nothing, A> {
  return { method: "GET", path, sent: nothing, answer, statuses: [200] };
}

export function send<P extends string, S extends z.ZodType, A extends z.ZodType>(
  method: "POST" | "PUT" | "PATCH",
  path: P,
  sent: S,
  answer: A,
  ...statuses: readonly Status[]
): Endpoint<P, S, A> {
  return { method, path, sent, answer, statuses: statuses.length === 0 ? [200] : statuses };
}

export function remove<P extends string>(path: P): Endpoint<P, Nothing, Nothing> {
  return { method: "DELETE", path, sent: nothing, answer: nothing, statuses: [204] };
}

export function list<P extends string, I extends z.ZodType, F extends string = never>(
  path: P,
  key: string,
  item: I,
  ...filters: readonly F[]
): ListEndpoint<P, I, F> {
  return { path, key, item, filters };
}

/** The schema of a field that Render gives, behind the one that the client reads it with. */
export const given = new WeakMap<z.ZodType, z.ZodType>();

/** A field that Render may leave out, or give as `null`: the client then reads `otherwise`. The emulator always gives it. */
export function mayLack<S extends z.ZodType>(schema: S, otherwise: z.output<S>) {
  const lenient = schema.nullish().transform((value) => value ?? otherwise);
  given.set(lenient, schema);
  return lenient;
}

/** The path of a call, with its parameters filled in. */
export function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}
