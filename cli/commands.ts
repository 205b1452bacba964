/** What each exit code of a command means, where it has no own meaning. */
const EXITS = {
  0: "good",
  1: "failed",
  2: "wrong usage or configuration",
  3: "not established, or needs acknowledgement",
} as const;

interface Facts {
  /** What the list of commands says of it. */
  readonly summary: string;
  /** Command lines, as after `render-redis`. */
  readonly examples: readonly string[];
  /** Exit codes that mean something else here. */
  readonly exits?: Partial<Record<keyof typeof EXITS, string>>;
}

/** Every command that people and pipelines use. */
export const COMMANDS = {
  plan: {
    summary: "plan environments, and tell in an operator's words what would happen",
    examples: [
      "plan production",
      "plan staging production --report markdown=review.md",
      "plan production --refresh-only",
    ],
    exits: { 0: "no changes", 1: "failed, or wrong usage", 2: "changes", 3: "needs acknowledgement" },
  },
  apply: {
    summary: "apply the plan that was reviewed, and nothing else",
    examples: ["apply production", "apply production --fingerprint <sha256> --ack data-loss:render_keyvalue.redis"],
    exits: { 0: "applied", 1: "failed or refused", 3: "needs acknowledgement or approval" },
  },
  verify: {
    summary: "prove that the Redis on Render is the one described",
    examples: ["verify production", "verify production staging --report json=report.json", "verify local --only ping"],
    exits: { 3: "not established, or with --strict a warning" },
  },
  preflight: {
    summary: "say whether a deploy can begin, and change nothing",
    examples: ["preflight production"],
    exits: { 1: "refused", 3: "not established" },
  },
  inspect: {
    summary: "say what takes the memory of a Redis",
    examples: ["inspect production", "inspect production --all"],
  },
  backup: {
    summary: "back up all keys of a Redis, verified",
    examples: ["backup production", "backup production --out - | aws s3 cp - s3://bucket/redis.gz"],
    exits: { 3: "not reached" },
  },
  restore: {
    summary: "restore a backup into an empty Redis, and compare",
    examples: ["restore .backups/production.redis.gz staging", "restore .backups/production.redis.gz --check"],
    exits: { 3: "not reached" },
  },
  copy: {
    summary: "copy all keys of a Redis to another one",
    examples: ["copy production staging", "copy production env:NEW_REDIS_URL --follow"],
    exits: { 0: "both sides are equal", 1: "they are not", 3: "not established" },
  },
  baseline: {
    summary: "measure a Redis as a queue of messages",
    examples: ["baseline local", "baseline staging --report svg=baseline.svg"],
  },
  checklist: {
    summary: "tick the list of success, each line by evidence",
    examples: ["checklist production", "checklist production --report markdown=checklist.md"],
    exits: { 0: "all ticked", 1: "a check failed", 3: "something is missing" },
  },
  metrics: {
    summary: "show what is measured, for Prometheus",
    examples: ["metrics production", "metrics production staging --listen 9121"],
    exits: { 3: "an instance was not seen" },
  },
  watch: {
    summary: "watch instances, and tell once when something begins and once when it is over",
    examples: ["watch production", "watch production --once"],
    exits: { 1: "an alarm, with --once", 3: "an instance was not seen" },
  },
  alerts: { summary: "write docs/monitoring/: alert rules and a dashboard", examples: ["alerts"] },
  synth: {
    summary: "write the Terraform of every environment to synthesized/",
    examples: ["synth", "synth --check"],
  },
  rules: { summary: "write docs/rules.md and docs/environment.md", examples: ["rules"] },
  schema: { summary: "print the JSON schema of verify's report", examples: ["schema > report.schema.json"] },
  doctor: {
    summary: "list what this machine lacks, and how to get it",
    examples: ["doctor", "doctor --install"],
    exits: { 0: "all there, warnings included", 1: "something is missing" },
  },
  local: { summary: "run Render on this machine", examples: ["local", "local fault --help"] },
  drill: { summary: "rehearse what goes wrong with a Redis", examples: ["drill outage --seconds 10"] },
  demo: { summary: "deploy to a Render on this machine, verify, and destroy", examples: ["demo"] },
  completion: {
    summary: "print what makes a shell complete these commands",
    examples: ['completion bash   # in ~/.bashrc: eval "$(node render-redis.mjs completion bash)"'],
  },
} as const satisfies Readonly<Record<string, Facts>>;

export type CommandName = keyof typeof COMMANDS;

/** The end of a command's help: how it ends, and how it is called. */
export function helpOf({ examples, exits }: Facts): string {
  const codes = Object.entries({ ...EXITS, ...exits }).map(([code, means]) => `${code} ${means}`);
  const lines = examples.map((example) => `  $ render-redis ${example}`);
  return ["", `Exit codes: ${codes.join(", ")}.`, "", "Examples:", ...lines].join("\n");
}

/** The facts of a command, if it is one of people's. */
export function factsOf(name: string): Facts | undefined {
  return Object.entries<Facts>(COMMANDS).find(([known]) => known === name)?.[1];
}
