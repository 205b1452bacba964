import { z } from "zod";
import { invalid } from "../state/refusal.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

const limitParameter = z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT);
const fields = z.record(z.string(), z.unknown());
const item = z.looseObject({ owner: fields.optional(), serviceDetails: fields.optional() });

type Query = Readonly<Record<string, string>>;

/**
 * One page of a list as Render gives it: each item with its cursor, and an empty page after the last.
 *
 * @param key The name under which each entry holds its item.
 */
export function pageOf(
  items: readonly unknown[],
  key: string,
  filters: readonly string[],
  query: Query,
): Record<string, unknown>[] {
  const limit = limitParameter.safeParse(query.limit);
  if (!limit.success) throw invalid(`\`limit\` must be a number from 1 to ${MAX_LIMIT}`);
  const wanted = items
    .map((each) => ({ item: each, facts: factsOf(each) }))
    .filter(({ facts }) => passes(facts, filters, query) && passesTimes(facts, query))
    .map((each) => ({ [key]: each.item, cursor: cursorOf(each.facts) }));
  const start = query.cursor ? wanted.findIndex(({ cursor }) => cursor === query.cursor) + 1 : 0;
  if (query.cursor && start === 0) throw invalid("`cursor` is not one of this list");
  return wanted.slice(start, start + limit.data);
}

/** What a list is filtered by, wherever it stands in the item. */
function factsOf(value: unknown): Readonly<Record<string, unknown>> {
  const { owner, serviceDetails, ...rest } = item.parse(value);
  return { ...serviceDetails, ...rest, ...(owner === undefined ? {} : { ownerId: owner.id }) };
}

/** A filter that is not given lets everything pass. */
function passes(facts: Readonly<Record<string, unknown>>, filters: readonly string[], query: Query): boolean {
  return filters.every((name) => {
    const value = facts[name];
    return query[name] === undefined || (typeof value === "string" && query[name].split(",").includes(value));
  });
}

/** Whether an item was created and updated within the times that are asked for. */
function passesTimes(facts: Readonly<Record<string, unknown>>, query: Query): boolean {
  return ["created", "updated"].every((event) => {
    const at = facts[`${event}At`];
    if (typeof at !== "string") return true;
    const before = timeOf(`${event}Before`, query) ?? Number.POSITIVE_INFINITY;
    const after = timeOf(`${event}After`, query) ?? Number.NEGATIVE_INFINITY;
    return Date.parse(at) < before && Date.parse(at) > after;
  });
}

function timeOf(name: string, query: Query): number | undefined {
  const text = query[name];
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalid(`\`${name}\` must be a time such as 2026-06-17T08:15:30Z`);
  return time;
}

/** Render's cursors say nothing to callers. These are made of what distinguishes an item: its id, or its name. */
export function cursorOf(facts: Readonly<Record<string, unknown>>): string {
  return Buffer.from(String(facts.id ?? facts.key)).toString("base64url");
}
