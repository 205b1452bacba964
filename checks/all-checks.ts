import { auth } from "./catalogue/auth.ts";
import { backendDeploy } from "./catalogue/backend-deploy.ts";
import { backendHealth } from "./catalogue/backend-health.ts";
import { backendVariables } from "./catalogue/backend-variables.ts";
import { connections } from "./catalogue/connections.ts";
import { evictionPolicy } from "./catalogue/eviction-policy.ts";
import { evictionProof } from "./catalogue/eviction-proof.ts";
import { evictions } from "./catalogue/evictions.ts";
import { exposure } from "./catalogue/exposure.ts";
import { identity } from "./catalogue/identity.ts";
import { loading } from "./catalogue/loading.ts";
import { memoryHeadroom } from "./catalogue/memory-headroom.ts";
import { memoryLimit } from "./catalogue/memory-limit.ts";
import { persistence } from "./catalogue/persistence.ts";
import { ping } from "./catalogue/ping.ts";
import { pubSub } from "./catalogue/pub-sub.ts";
import { queue } from "./catalogue/queue.ts";
import { readWrite } from "./catalogue/read-write.ts";
import { role } from "./catalogue/role.ts";
import { tls } from "./catalogue/tls.ts";
import { version } from "./catalogue/version.ts";
import type { Check } from "./check.ts";

/** Every check, in the order of the reports. */
export const allChecks: readonly Check[] = [
  identity,
  ping,
  tls,
  auth,
  exposure,
  readWrite,
  evictionPolicy,
  evictionProof,
  memoryLimit,
  memoryHeadroom,
  evictions,
  connections,
  persistence,
  role,
  loading,
  version,
  pubSub,
  queue,
  backendVariables,
  backendDeploy,
  backendHealth,
];
