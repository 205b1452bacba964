import type { Context } from "hono";
import { z } from "zod";
import { badRequest } from "./error.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

const limitParameter = z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT);

/**
 * One page of a list as Render gives it: each item with its cursor, and an empty page after the last.
 *
 * @param key The name under which each entry holds its item.
 * @param identify What distinguishes an item; the cursor is made of it.
 */
export function page<T>(
  context: Context,
  items: readonly T[],
  key: string,
  identify: (item: T) => string,
  view: (item: T) => unknown,
): Record<string, unknown>[] {
  const limit = limitParameter.safeParse(context.req.query("limit"));
  if (!limit.success) throw badRequest(`\`limit\` must be a number from 1 to ${MAX_LIMIT}`);
  const cursor = context.req.query("cursor");
  const start = cursor === undefined || cursor === "" ? 0 : after(items, identify, cursor);
  return items
    .slice(start, start + limit.data)
    .map((item) => ({ cursor: cursorOf(identify(item)), [key]: view(item) }));
}

/** The values of a query parameter that may be given several times, also separated by commas. */
export function queryValues(context: Context, name: string): string[] | undefined {
  return context.req.queries(name)?.flatMap((value) => value.split(","));
}

/** Whether an item passes the filters of a list; a filter that is not given lets everything pass. */
export function matches(context: Context, fields: Readonly<Record<string, string | undefined>>): boolean {
  return Object.entries(fields).every(([name, value]) => {
    const wanted = queryValues(context, name);
    return wanted === undefined || (value !== undefined && wanted.includes(value));
  });
}

/** Whether an item was created and updated within the times that a list was asked for. */
export function matchesTimes(context: Context, item: { createdAt: string; updatedAt?: string }): boolean {
  const bounds = [
    ["createdBefore", item.createdAt, (at: number, bound: number) => at < bound],
    ["createdAfter", item.createdAt, (at: number, bound: number) => at > bound],
    ["updatedBefore", item.updatedAt, (at: number, bound: number) => at < bound],
    ["updatedAfter", item.updatedAt, (at: number, bound: number) => at > bound],
  ] as const;
  return bounds.every(([name, value, within]) => {
    const bound = context.req.query(name);
    if (bound === undefined || value === undefined) return true;
    const time = Date.parse(bound);
    if (Number.isNaN(time)) throw badRequest(`\`${name}\` must be a time such as 2026-06-17T08:15:30Z`);
    return within(Date.parse(value), time);
  });
}

function after<T>(items: readonly T[], identify: (item: T) => string, cursor: string): number {
  const index = items.findIndex((item) => cursorOf(identify(item)) === cursor);
  if (index < 0) throw badRequest("`cursor` is not one of this list");
  return index + 1;
}

function cursorOf(id: string): string {
  return Buffer.from(id).toString("base64url");
}
