import { join, resolve } from "node:path";
import { newId, newSecret } from "./ids.ts";
import type { ServiceState, State } from "./schema.ts";

/** The backend that every fresh emulator has. Its id is fixed so that examples and tests can name it. */
export const BACKEND_SERVICE_ID = "srv-d000000000000backend";
export const BACKEND_SERVICE_NAME = "connect-yw-backend";

/** `exec`, so that the signal to end reaches the backend itself, and not only the shell that started it. */
const START_COMMAND = "exec node render-redis.mjs example-backend";
const HEALTH_CHECK_PATH = "/health";

/**
 * What a fresh emulator begins with: a workspace with one project of two environments, and one web service, the sample backend
 * of this repository. It has been deployed once and knows of no Redis.
 *
 * @param directory Where the emulator keeps its state, and the backend what it has sent.
 */
export function seedState(apiKey: string | undefined, directory: string): State {
  const now = new Date().toISOString();
  const deployId = newId("dep");
  const projectId = newId("prj");
  const env = { NODE_ENV: "production", DATA_DIRECTORY: join(resolve(directory), "backend") };
  const backend: ServiceState = {
    id: BACKEND_SERVICE_ID,
    name: BACKEND_SERVICE_NAME,
    type: "web_service",
    autoDeploy: "no",
    repo: `https://github.com/example/${BACKEND_SERVICE_NAME}`,
    branch: "main",
    rootDir: "",
    suspended: false,
    serviceDetails: {
      region: "oregon",
      plan: "starter",
      buildPlan: "starter",
      runtime: "node",
      env: "node",
      envSpecificDetails: { buildCommand: "npm ci", startCommand: START_COMMAND },
      healthCheckPath: HEALTH_CHECK_PATH,
      maintenanceMode: { enabled: false, uri: "" },
      numInstances: 1,
      openPorts: [{ port: 10_000, protocol: "TCP" }],
      previews: { generation: "off" },
      pullRequestPreviewsEnabled: "no",
    },
    publicPort: 0,
    envVars: Object.entries(env).map(([key, value]) => ({ key, value })),
    deployed: { deployId, env, startCommand: START_COMMAND, healthCheckPath: HEALTH_CHECK_PATH },
    createdAt: now,
    updatedAt: now,
  };
  return {
    version: 1,
    apiKey: apiKey ?? `rnd_${newSecret(28)}`,
    ownerId: newId("tea"),
    apiPort: 0,
    gatewayPort: 0,
    network: newSecret(6),
    keyValues: [],
    envGroups: [],
    services: [backend],
    deploys: [
      {
        id: deployId,
        serviceId: BACKEND_SERVICE_ID,
        status: "live",
        trigger: "manual",
        mode: "build_and_deploy",
        startedAt: now,
        finishedAt: now,
        createdAt: now,
        updatedAt: now,
      },
    ],
    jobs: [],
    projects: [{ id: projectId, name: "local", createdAt: now, updatedAt: now }],
    environments: ["production", "staging"].map((name) => ({
      id: newId("evm"),
      name,
      projectId,
      networkIsolationEnabled: false,
      protectedStatus: "unprotected",
    })),
    logStreams: [],
    events: [],
  };
}
