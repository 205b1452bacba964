import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { observeService } from "../../checks/observation/service.ts";
import { listen } from "../../dev/emulator/machine/listen.ts";
import { RenderClient } from "../../render/api/client.ts";
import type { ExpectedService } from "../../render/service.ts";
import { Deadline } from "../../runtime/deadline.ts";
import { Secrets } from "../../runtime/secrets.ts";
import { drain } from "../../steps/drain.ts";
import { rollOut } from "../../steps/roll-out.ts";

// Run with --expose-gc. Everything that it waits for never comes: a deploy, a job, an answer on the health path, an answer of
// the API. It prints how each wait ended, while the garbage collector runs all the time.

/** Enough for the calls that are answered, on a busy machine too. */
const LIMIT_SECONDS = 4;
const SERVICE_ID = "srv-d00000000000000000a0";
const INSTANCE_ID = "red-d00000000000000000a0";
const TIMES = { createdAt: "2026-06-17T08:15:30Z", updatedAt: "2026-06-17T08:15:30Z" };

const server = createServer((request, response) => {
  const { method, url = "" } = request;
  const answer = answers.find(([call]) => call.test(`${method} ${url}`));
  // No answer at all: neither on the health path nor from the API where it is silent.
  if (answer !== undefined) response.end(JSON.stringify(answer[1]));
});
const address = `http://127.0.0.1:${await listen(server, 0)}`;
const service = {
  ...{ id: SERVICE_ID, name: "api", type: "web_service", ownerId: "tea-1", suspended: "not_suspended" },
  serviceDetails: { region: "oregon", plan: "starter", url: address },
};
const answers: readonly (readonly [call: RegExp, answer: unknown])[] = [
  [/cursor=/, []],
  [new RegExp(`^GET /v1/services/${SERVICE_ID}$`), service],
  [/^GET .*\/deploys\?/, []],
  [/^POST .*\/deploys$/, { id: "dep-1", status: "created", trigger: "api", ...TIMES }],
  [/\/deploys\/dep-1$/, { id: "dep-1", status: "update_in_progress", trigger: "api", ...TIMES }],
  [/\/jobs/, { id: "job-1", serviceId: SERVICE_ID, status: "running" }],
  // Not an instance: what waits in it cannot be counted, which is said at once.
  [/^GET .*\/key-value\/red-[^/]*$/, {}],
  [/\/env-vars/, []],
  [/\/env-groups/, []],
  [
    /\/connection-info$/,
    { internalConnectionString: `redis://${INSTANCE_ID}:6379`, externalConnectionString: "", cliCommand: "" },
  ],
];

const ended: string[] = [];
const say = () => {};
const serviceId = SERVICE_ID;
const given: ExpectedService = {
  name: "api",
  serviceId,
  groupName: "g",
  env: {},
  uses: { REDIS_URL: { redis: "redis", as: "url" } },
  drain: {},
  healthPath: "/health",
  rollOutSeconds: 60,
};

async function held(work: (deadline: Deadline, client: RenderClient) => Promise<unknown>): Promise<void> {
  const deadline = new Deadline(LIMIT_SECONDS);
  const client = new RenderClient({ apiKey: "k", host: `${address}/v1`, signal: deadline.signal });
  const end = await work(deadline, client).catch((error: unknown) => (error instanceof Error ? error.message : error));
  ended.push(JSON.stringify(end));
}

let over = false;
const all = Promise.all([
  held(({ signal }, client) => rollOut({ client, serviceId, signal, say })),
  held(({ signal }, client) => drain({ client, serviceId, instanceId: INSTANCE_ID, command: "true", signal, say })),
  held((deadline, client) => {
    return observeService(
      given,
      { redis: INSTANCE_ID },
      { owner: { id: "tea-1" } },
      { client, deadline, secrets: new Secrets(), onProgress: say },
    );
  }),
  held(({ signal }) => {
    const silent = new RenderClient({ apiKey: "k", host: `${address}/silent`, deadlineMs: LIMIT_SECONDS * 1_000 });
    return rollOut({ client: silent, serviceId, signal, say });
  }),
]).finally(() => {
  over = true;
});
while (!over) {
  globalThis.gc?.();
  await pause(5);
}
await all;
process.stdout.write(ended.toSorted().join("\n"), () => process.exit());
