import { defineEnvironment } from "./define.ts";

/** The environment of `npm run demo` and `npm run local`: it deploys to the Render on this machine. */
export const local = defineEnvironment({
  name: "local",
  redis: {
    name: "koinoniasms-redis-local",
    region: "oregon",
    plan: "starter",
    memory: "256 MB",
    evictionPolicy: "noevict",
    ipAllowList: [{ cidrBlock: "127.0.0.1/32", description: "this machine" }],
    deletionProtection: false,
  },
  backend: {
    name: "connect-yw-backend",
    region: "oregon",
    env: { ENABLE_QUEUES: "true" },
    healthPath: "/health",
    drainCommand: "node render-redis.mjs example-drain",
  },
  state: { type: "local", path: ".state/local.tfstate" },
  emulator: true,
});
