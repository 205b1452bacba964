/** What a change does, in the words of the constructs' docstrings. A test holds the two together. */
export const PHRASES = {
  none: "no effect on data",
  restart: "restarts",
  loss: "loses data",
  replace: "replaces",
} as const;

export type Effect = keyof typeof PHRASES;

/** One setting of an instance: what Terraform and our code call it, and all that changing it may do. */
export interface Setting {
  /** In Terraform's plan. */
  readonly attribute: string;
  /** In `RedisInstanceProps` and in the environment files. */
  readonly property: string;
  readonly effects: readonly Effect[];
  /** How long Render's documentation says that the instance is away while it restarts. */
  readonly restart?: string;
}

const AWAY = "a minute or two without Redis, and up to a second of writes lost";

/**
 * Every setting of `render_keyvalue`.
 *
 * @see https://render.com/docs/key-value
 */
export const SETTINGS = [
  { attribute: "name", property: "name", effects: ["none"] },
  { attribute: "region", property: "region", effects: ["replace", "loss"] },
  { attribute: "plan", property: "plan", effects: ["restart", "loss"], restart: AWAY },
  {
    attribute: "max_memory_policy",
    property: "evictionPolicy",
    effects: ["restart"],
    restart: "Render does not say for how long; reckon with a minute or two without Redis",
  },
  {
    attribute: "persistence_mode",
    property: "persistence",
    effects: ["restart", "loss"],
    restart: "Render does not say for how long; reckon with a minute or two without Redis",
  },
  { attribute: "ip_allow_list", property: "ipAllowList", effects: ["none"] },
  { attribute: "environment_id", property: "environmentId", effects: ["none"] },
  { attribute: "log_stream_override", property: "logStreamOverride", effects: ["none"] },
] as const satisfies readonly Setting[];

/** The setting behind an attribute of `render_keyvalue`; `undefined` for what nobody sets. */
export function settingOf(attribute: string): Setting | undefined {
  return SETTINGS.find((setting) => setting.attribute === attribute.split(".")[0]);
}
