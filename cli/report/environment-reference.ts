import type { Field } from "../../render/field.ts";
import { type Change, EFFECTS, INSTANCE } from "../../render/instance.ts";
import { formatMemorySize } from "../../render/memory-size.ts";
import { PLANS, PLANS_CHECKED } from "../../render/plans.ts";
import { SERVICE } from "../../render/service.ts";

type Row = readonly [field: string, what: string, otherwise: string, changing: string];

/** What an environment has beside its instances and services. */
const ENVIRONMENT: readonly Row[] = [
  ["name", "names the stack and its state", "–", "leaves the old state behind"],
  [
    "production",
    "whether people depend on it, by which the policy and the checks are stricter",
    "by its name: `production`, `prod`, `prod-…`",
    "no effect on data",
  ],
];
const DEPLOYMENT: readonly Row[] = [
  ["checks.deadlineSeconds", "how long the checks may take, waiting included", "300", "runs the checks again"],
  [
    "checks.prove",
    "whether each new instance is filled to its limit, before a service knows it, to see that it never evicts",
    "`false`",
    "runs the checks again",
  ],
  [
    "checks.acceptUnknown",
    "whether a check that could not run lets the deploy go on",
    "`false`",
    "runs the checks again",
  ],
  ["emulator", "whether it is for Render on this machine, and for nothing else", "`false`", "no effect on data"],
  ["exceptions", "rules of the policy that do not hold here: `rule`, `reason`", "none", "shown in every review"],
  [
    "state",
    "`local`, `s3`, `gcs`, `azurerm`, `pg`, `http` or `hcp`; see `environments/state.ts`",
    "–",
    "see [state.md](state.md)",
  ],
];

/** All that an environment's file may say, and the plans, as a page: from the tables that decide them. */
export function formatEnvironmentReference(): string {
  const instance = Object.entries(INSTANCE).map(([name, field]) => rowOf(`redis.${name}`, field, effectsOf(field)));
  const service = Object.entries(SERVICE).map(([name, field]) => rowOf(`services.${name}`, field, field.changing));
  const fields = [...ENVIRONMENT, ...instance, ...service, ...DEPLOYMENT].map(
    ([field, what, otherwise, changing]) => `| \`${field}\` | ${what} | ${otherwise} | ${changing} |`,
  );
  return [
    ...INTRODUCTION,
    "| field | what | default | changing it |",
    "|---|---|---|---|",
    ...fields,
    ...KEYS,
    `Render bills by the second. Prices of ${monthOf(PLANS_CHECKED.on)}, from [render.com/pricing](https://render.com/pricing):`,
    "",
    "| plan | memory | connections | a month | persists |",
    "|---|---|---|---|---|",
    ...PLANS.map(formatPlan),
    "",
    "`3g`, `20g`, `40g` and `50g` need a newer version of Terraform's provider than 1.9.1, which refuses them.",
    "",
  ].join("\n");
}

function rowOf(name: string, { what, otherwise = "–" }: Field, changing: string): Row {
  return [name, what, otherwise, changing];
}

function effectsOf({ changing }: Change): string {
  const phrases = Object.entries(EFFECTS).flatMap(([effect, phrase]) => {
    const when = new Map(Object.entries(changing)).get(effect);
    if (when === undefined) return [];
    return [when === "" ? phrase : `${when}: ${phrase}`];
  });
  return phrases.join("; ");
}

function formatPlan({ name, memory, connections, price, persistence }: (typeof PLANS)[number]): string {
  const known = (figure: number | undefined, unit = "") =>
    figure === undefined ? "not known" : unit + figure.toLocaleString("en");
  const persists = persistence.some((mode) => mode !== "off") ? "yes" : "no";
  return `| \`${name}\` | ${formatMemorySize(memory)} | ${known(connections)} | ${known(price, "$")} | ${persists} |`;
}

function monthOf(date: string | Date): string {
  return new Date(date).toLocaleString("en", { month: "long", year: "numeric" });
}

const INTRODUCTION = [
  "# The environment file",
  "",
  "<!-- Written by `npm run rules` from render/instance.ts, render/service.ts and render/plans.ts. -->",
  "",
  "A mistake in an environment is reported with the field, the value, what is allowed and the nearest match. `redis` and",
  "`services` hold one entry for each instance and each service, by its key.",
  "",
];

const KEYS = [
  "",
  "The keys are Terraform addresses (`render_keyvalue.queue`): another key destroys what is there. The short form, with one",
  "`redis` and one `backend`, has the keys `redis` and `backend`. There `id` is called `serviceId` and left to",
  '`TF_VAR_backend_service_id`, `drain` is `drainCommand`, `uses` is `REDIS_URL`, `env` is `ENABLE_QUEUES: "true"` where it is',
  "left out, and the group is named `<instance>-env`. Services are rolled out in their order. Without any (`services: {}`) the",
  "instances are provisioned and proven.",
  "",
  "## Plans",
  "",
];
