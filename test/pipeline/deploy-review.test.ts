import { expect, test } from "vitest";
import { consequencesOf } from "../../pipeline/deploy-review.ts";
import { acknowledgement } from "../../pipeline/review/rules/consequence.ts";
import { keyValue } from "../../render/api/endpoints.ts";
import type { ExpectedInstance } from "../../render/instance.ts";
import { INSTANCE } from "../checks/support/render-api.ts";

const ADDRESS = "render_keyvalue.redis";
const OFFICE = { cidrBlock: "192.0.2.7/32", description: "office" };
const WANTED: ExpectedInstance = {
  ...{ environment: "production", name: "queues", region: "oregon", plan: "standard", evictionPolicy: "noeviction" },
  ...{ persistence: "journal_snapshot", ipAllowList: [OFFICE], internalAuthentication: false },
};
const shown = (more: object = {}, options: object = {}) =>
  keyValue.parse({
    ...{ ...INSTANCE, id: "red-1", name: "queues", region: "oregon", plan: "standard", ipAllowList: [OFFICE] },
    options: { maxmemoryPolicy: "noeviction", persistenceMode: "journal_snapshot", ...options },
    ...more,
  });

const OPEN = { cidrBlock: "0.0.0.0/0", description: "all" };

test.each<[what: string, wanted: Partial<ExpectedInstance>, now: ReturnType<typeof shown> | undefined, told: string[]]>(
  [
    ["as described", {}, shown(), []],
    ["not there yet", {}, undefined, ["new", "exposure", "cost"]],
    ["under its newer name", {}, shown({ plan: "1g" }), []],
    ["with a mode that Render does not show", {}, shown({}, { persistenceMode: null }), []],
    ["of another name", { name: "jobs" }, shown(), []],
    ["to be larger", { plan: "pro" }, shown(), ["restart", "cost"]],
    ["to be smaller", { plan: "starter" }, shown(), ["refused!"]],
    ["free, to be paid", {}, shown({ plan: "free" }, { persistenceMode: "off" }), ["data-loss!", "restart", "cost"]],
    ["to persist no more", { persistence: "off" }, shown(), ["data-loss!", "restart"]],
    [
      "not persisting, to restart",
      { persistence: "off", plan: "pro" },
      shown({}, { persistenceMode: "off" }),
      ["data-loss!", "restart", "cost"],
    ],
    ["to be elsewhere", { region: "ohio" }, shown(), ["data-loss!"]],
    ["to evict", { evictionPolicy: "allkeys_lru" }, shown(), ["restart", "behaviour!"]],
    ["to be open", { ipAllowList: [OPEN] }, shown(), ["exposure!"]],
    ["to be closed", { ipAllowList: [] }, shown(), ["behaviour"]],
  ],
)("of an instance %s a deploy tells what the review would", (_what, wanted, now, told) => {
  const found = consequencesOf(ADDRESS, { ...WANTED, ...wanted }, now);
  expect(found.map(({ kind, acknowledge }) => `${kind}${acknowledge ? "!" : ""}`)).toEqual(told);
  expect(new Set(found.map(({ address }) => address)).size).toBe(told.length > 0 ? 1 : 0);
});

test("it is acknowledged as in the review", () => {
  const [loss] = consequencesOf(ADDRESS, { ...WANTED, region: "ohio" }, shown());
  expect(loss && acknowledgement(loss)).toBe("data-loss:render_keyvalue.redis");
  expect(loss?.consequence).toMatch(/^Irreversible: a new, empty instance replaces this one/);
});
