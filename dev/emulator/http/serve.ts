import type { Context, Hono } from "hono";
import { z } from "zod";
import { type Endpoint, given, type ListEndpoint, type Params, type Status } from "../../../render/api/endpoint.ts";
import { invalid } from "../state/refusal.ts";
import { pageOf } from "./pages.ts";

/** Where there is no answer, what the act gives is not looked at. */
type Result<A extends z.ZodType> = [z.input<A>] extends [undefined] ? unknown : z.input<A>;

/** Serves an endpoint: what is sent goes through its schema, and so does the answer, strictly. No answer is no body. */
export function serve<P extends string, S extends z.ZodType, A extends z.ZodType>(
  app: Hono,
  endpoint: Endpoint<P, S, A>,
  act: (params: Params<P>, sent: z.output<S>) => Result<A> | Promise<Result<A>>,
): void {
  const { method, path, statuses } = endpoint;
  const answer = strictly(endpoint.answer);
  app.on(method, path, async (context) => {
    const sent = method === "GET" || method === "DELETE" ? queryOf(context) : await bodyOf(context);
    const result: unknown = await act(paramsOf(path, context), read(endpoint.sent, sent));
    if (result === undefined || answer instanceof z.ZodUndefined) return context.body(null, statuses.at(-1) ?? 204);
    answer.parse(result);
    return json(context, result, statuses[0]);
  });
}

/** Serves a list, filtered and page by page. @param act All its items, in Render's order. */
export function serveList<P extends string, I extends z.ZodType, F extends string>(
  app: Hono,
  { path, key, item, filters }: ListEndpoint<P, I, F>,
  act: (params: Params<P>, query: Readonly<Record<string, string>>) => readonly z.input<I>[],
): void {
  const answer = z.array(strictly(item));
  app.on("GET", path, (context) => {
    const query = queryOf(context) ?? {};
    const items = act(paramsOf(path, context), query);
    answer.parse(items);
    return json(context, pageOf(items, key, filters, query), 200);
  });
}

/** The schema of what the emulator answers: with all that the client would do without. */
export function strictly(schema: z.ZodType): z.ZodType {
  const strict = given.get(schema);
  if (strict !== undefined) return strictly(strict);
  if (schema instanceof z.ZodOptional) return strictly(z.instanceof(z.ZodType).parse(schema.unwrap())).optional();
  if (schema instanceof z.ZodArray) return z.array(strictly(z.instanceof(z.ZodType).parse(schema.element)));
  if (!(schema instanceof z.ZodObject)) return schema;
  const fields = Object.entries(schema.shape).map(([name, field]) => [name, strictly(field)] as const);
  return z.looseObject(Object.fromEntries(fields));
}

function json(context: Context, body: unknown, status: Status = 200): Response {
  return context.newResponse(JSON.stringify(body), status, { "content-type": "application/json" });
}

/** The query, with the values of a parameter that is given several times separated by commas. */
function queryOf(context: Context): Record<string, string> | undefined {
  const entries = Object.entries(context.req.queries()).map(([name, values]) => [name, values.join(",")] as const);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

async function bodyOf(context: Context): Promise<unknown> {
  const text = await context.req.text();
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    throw invalid("the body is not JSON");
  }
}

/** @throws Refusal naming the fields that are not what the API takes. It shows no value: some are secrets. */
export function read<S extends z.ZodType>(schema: S, sent: unknown): z.output<S> {
  const parsed = schema.safeParse(sent);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `\`${issue.path.join(".") || "body"}\` ${issue.message}`);
  throw invalid(issues.join("; "));
}

function paramsOf<P extends string>(path: P, context: Context): Params<P> {
  const found: Readonly<Record<string, string>> = context.req.param();
  if (hasAll(path, found)) return found;
  throw new Error(`the route has not all parameters of ${path}`);
}

function hasAll<P extends string>(
  path: P,
  found: Readonly<Record<string, string>>,
): found is Params<P> & Readonly<Record<string, string>> {
  return [...path.matchAll(/:(\w+)/g)].every(([, name = ""]) => found[name] !== undefined);
}
