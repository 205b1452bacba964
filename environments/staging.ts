import { defineEnvironment } from "./define.ts";

/** Where changes are tried first: the smallest plan that persists, and nothing that stops it from being destroyed. */
export const staging = defineEnvironment({
  name: "staging",
  redis: {
    name: "koinoniasms-redis-staging",
    region: "oregon",
    plan: "starter",
    evictionPolicy: "noevict",
    deletionProtection: false,
  },
  backend: {
    name: "connect-yw-backend-staging",
    region: "oregon",
    env: { ENABLE_QUEUES: "true" },
  },
  state: { type: "local", path: ".state/staging.tfstate" },
});
