import type { Check } from "../check.ts";
import { evictionProof, pubSub, queue, readWrite } from "./behaviour.ts";
import { singleGroup, singleInstance } from "./names.ts";
import { auth, exposure, ping, tls } from "./reach.ts";
import { connections, evictions, loading, memoryHeadroom, role, version } from "./server.ts";
import { serviceDeploy, serviceHealth, serviceLinks, serviceVariables } from "./service.ts";
import { evictionPolicy, identity, memoryLimit, persistence } from "./settings.ts";

/** Every check, in the order of the reports. */
export const allChecks: readonly Check[] = [
  ...[identity, singleInstance, ping, tls, auth, exposure, readWrite],
  ...[evictionPolicy, evictionProof, memoryLimit, memoryHeadroom, evictions, connections, persistence],
  ...[role, loading, version, pubSub, queue],
  ...[singleGroup, serviceLinks, serviceVariables, serviceDeploy, serviceHealth],
];
