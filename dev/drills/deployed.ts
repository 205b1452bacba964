import type { ShortEnvironment } from "../../environments/define.ts";
import { API, type KeyValue } from "../../render/api/endpoints.ts";
import { Stop } from "../../runtime/errors.ts";
import { sleep, until } from "../../runtime/wait.ts";
import { Workspace } from "../rehearsal.ts";
import { type Drill, drill, WARM_UP_MS } from "./drill.ts";
import type { Stage, StageOptions } from "./stage.ts";

const LAST_LINES = 30;
/** A queue that is processed slowly, so that much of it still waits when the service is switched. */
const SLOW: StageOptions = { serviceVariables: { QUEUE_CONCURRENCY: "1" }, providerLatencyMs: 50 };
const BACKLOG = 200;

/** The drill's environment. What a drill changes in it, an operator changes in a file of `environments/`. */
const ENVIRONMENT: ShortEnvironment = {
  name: "drill",
  redis: {
    name: "drill-redis",
    region: "oregon",
    plan: "starter",
    ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
    deletionProtection: false,
  },
  backend: {
    name: "connect-yw-backend",
    env: { ENABLE_QUEUES: "true" },
    healthPath: "/health",
    drainCommand: "node render-redis.mjs example-drain",
  },
  state: { type: "local", path: "drill.tfstate" },
  checks: { deadlineSeconds: 300 },
};

/** The instance is replaced: the new one proven, the service switched, the old one drained, and only then destroyed. */
export const failover = deployed("The instance is replaced under load", SLOW, async (stage, apply, say) => {
  const before = await onlyInstance(stage);
  say(`${BACKLOG} messages pile up`);
  await stage.load.burst(BACKLOG);
  say("terraform apply -replace=render_keyvalue.redis");
  const backlog = await waitingWhenSwitched(stage, apply(ENVIRONMENT, "-replace=render_keyvalue.redis"));
  const after = await onlyInstance(stage);
  if (after.id === before.id) throw new Stop("failed", "the instance was not replaced");
  return `${before.id} was replaced by ${after.id}; ${backlog} messages waited in the old one when the new one was made`;
});

/** The queue is switched off and on again through the environment file. */
export const switchOff = deployed(
  "The queue is switched off under load by ENABLE_QUEUES, and on again",
  {},
  async (stage, apply, say) => {
    say("ENABLE_QUEUES=false: one apply");
    await apply({ ...ENVIRONMENT, backend: { ...ENVIRONMENT.backend, env: { ENABLE_QUEUES: "false" } } });
    const off = (await stage.health()).mode;
    await sleep(WARM_UP_MS);
    say("ENABLE_QUEUES=true: one apply");
    await apply(ENVIRONMENT);
    const on = (await stage.health()).mode;
    if (off === "synchronous" && on === "queued") return "off: synchronous; on again: queued";
    throw new Stop("failed", `the service was ${off} while off, ${on} while on`);
  },
);

/** Brings Render to what the environment says. Further arguments are for `terraform apply`. */
type Apply = (environment: ShortEnvironment, ...args: readonly string[]) => Promise<void>;

/** A drill in which an operator does something with an environment that Terraform has deployed. */
function deployed(
  title: string,
  options: StageOptions,
  act: (stage: Stage, apply: Apply, say: (line: string) => void) => Promise<string>,
): Drill {
  return drill(
    title,
    async (stage, { say }) => {
      const workspace = new Workspace(ENVIRONMENT.name);
      const apply: Apply = async (environment, ...args) => {
        const all = ["apply", "-auto-approve", "-input=false", ...args];
        const { exitCode, output } = await workspace.terraform(environment, all, stage.rehearsal.commandVariables);
        if (exitCode === 0) return;
        throw new Stop("failed", `terraform apply failed:\n${output.split("\n").slice(-LAST_LINES).join("\n")}`);
      };
      try {
        say("terraform apply");
        await apply(ENVIRONMENT);
        await sleep(WARM_UP_MS);
        const note = await act(stage, apply, say);
        await sleep(WARM_UP_MS);
        return { notes: [note] };
      } finally {
        workspace.remove();
      }
    },
    options,
  );
}

async function onlyInstance({ rehearsal }: Stage): Promise<KeyValue> {
  const [instance, ...others] = await rehearsal.client.list(API.listKeyValues, {});
  if (instance !== undefined && others.length === 0) return instance;
  throw new Stop("failed", `there are ${others.length + 1} instances, not one`);
}

/** How many messages wait at the moment when there are two instances; then waits for the apply to end. */
async function waitingWhenSwitched(stage: Stage, applying: Promise<void>): Promise<number> {
  const ended = new AbortController();
  const end = applying.finally(() => ended.abort());
  end.catch(() => {});
  const look = async () => {
    const instances = await stage.rehearsal.client.list(API.listKeyValues, {});
    return instances.length > 1 ? (await stage.health()).pending : undefined;
  };
  const pending = await until(look, { first: 100, signal: ended.signal });
  await end;
  return pending ?? 0;
}
