import { defineEnvironment } from "./define.ts";

/** The SMS service's Redis: Bull queues live in it, so it never evicts and is never destroyed by accident. */
export const production = defineEnvironment({
  name: "production",
  redis: {
    name: "koinoniasms-redis",
    region: "oregon",
    plan: "standard",
    memory: "1 GB",
    evictionPolicy: "noevict",
    ipAllowList: [],
    deletionProtection: true,
  },
  backend: {
    name: "connect-yw-backend",
    region: "oregon",
    env: { ENABLE_QUEUES: "true" },
  },
  state: { type: "local", path: ".state/production.tfstate" },
  exceptions: [
    {
      rule: "production-remote-state",
      reason: "The team has not chosen where to keep it yet. Until then one person deploys, from one machine.",
    },
  ],
});
