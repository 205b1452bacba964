import { evictionProof, pubSub, queue, readWrite } from "./catalogue/behaviour.ts";
import { auth, exposure, ping, tls } from "./catalogue/reach.ts";
import { connections, evictions, loading, memoryHeadroom, role, version } from "./catalogue/server.ts";
import { serviceDeploy, serviceHealth, serviceVariables } from "./catalogue/service.ts";
import { evictionPolicy, identity, memoryLimit, persistence } from "./catalogue/settings.ts";
import type { Check } from "./check.ts";

/** Every check, in the order of the reports. */
export const allChecks: readonly Check[] = [
  ...[identity, ping, tls, auth, exposure, readWrite],
  ...[evictionPolicy, evictionProof, memoryLimit, memoryHeadroom, evictions, connections, persistence],
  ...[role, loading, version, pubSub, queue],
  ...[serviceVariables, serviceDeploy, serviceHealth],
];
