import { z } from "zod";
import { RENDER_API } from "./endpoints.ts";

/** One recorded exchange with the real API, as a line of JSON. */
const exchange = z.object({
  method: z.string(),
  /** With the query, without `/v1`. */
  path: z.string(),
  request: z.unknown(),
  status: z.number(),
  response: z.unknown(),
});

const refusal = z.object({ message: z.string() });

/** How often each difference was seen, and each call that the table does not have. */
export interface Comparison {
  readonly exchanges: number;
  readonly unknown: ReadonlyMap<string, number>;
  readonly differences: ReadonlyMap<string, number>;
}

/** A row of the table, as a recording is held against it. */
interface Row {
  readonly call: string;
  readonly pattern: RegExp;
  readonly sent: z.ZodType;
  readonly answer: z.ZodType;
  readonly statuses: readonly number[];
}

const ROWS: readonly Row[] = Object.values(RENDER_API).map((endpoint) => {
  const method = "key" in endpoint ? "GET" : endpoint.method;
  const row = { call: `${method} ${endpoint.path}`, pattern: patternOf(method, endpoint.path) };
  if (!("key" in endpoint)) {
    const sent = method === "GET" || method === "DELETE" ? z.unknown() : endpoint.sent;
    return { ...row, sent, answer: endpoint.answer, statuses: endpoint.statuses };
  }
  const entry = z.looseObject({ cursor: z.string(), [endpoint.key]: endpoint.item });
  return { ...row, sent: z.unknown(), answer: z.array(entry), statuses: [200] };
});

/** Holds recorded exchanges, each a line of JSON, against the table of endpoints. No value is shown, only where it stands. */
export function compare(lines: readonly string[]): Comparison {
  const unknown = new Map<string, number>();
  const differences = new Map<string, number>();
  for (const line of lines) {
    const { method, path, request, status, response } = exchange.parse(JSON.parse(line));
    const [plain = ""] = path.split("?");
    const row = ROWS.find(({ pattern }) => pattern.test(`${method} ${plain}`));
    if (row === undefined) {
      count(unknown, `${method} ${withoutIds(plain)}`);
      continue;
    }
    for (const text of differencesOf(row, request, status, response)) count(differences, `${row.call}: ${text}`);
  }
  return { exchanges: lines.length, unknown, differences };
}

function differencesOf({ sent, answer, statuses }: Row, request: unknown, status: number, response: unknown): string[] {
  if (status >= 400) return issues("refusal", refusal, response);
  // A body that is not there is recorded as null.
  const noBody = request === null || request === undefined;
  return [
    ...(noBody && sent.safeParse(undefined).success ? [] : issues("request", sent, request)),
    ...(statuses.includes(status) ? [] : [`status ${status}`]),
    ...issues("answer", answer, response ?? undefined),
  ];
}

function issues(what: string, schema: z.ZodType, value: unknown): string[] {
  const found = schema.safeParse(value).error?.issues ?? [];
  return found.map(
    ({ path, message }) =>
      `${[what, ...path.map((part) => (typeof part === "number" ? "[]" : part))].join(".")}: ${message}`,
  );
}

function patternOf(method: string, path: string): RegExp {
  return new RegExp(`^${method} ${path.replaceAll(/:\w+/g, "[^/]+")}$`);
}

function withoutIds(path: string): string {
  return path.replaceAll(/\/(srv|crn|red|evg|evm|prj|dsk|dep|job|evt)-[^/]+/g, "/$1-…");
}

function count(counts: Map<string, number>, text: string): void {
  counts.set(text, (counts.get(text) ?? 0) + 1);
}
