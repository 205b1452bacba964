import { delimiter, dirname, join } from "node:path";
import type { ServiceState } from "../state/schema.ts";
import type { PrivateNetwork } from "./private-network.ts";

/** Where services and their jobs run: this repository plays the checkout that Render would have built. */
export const CHECKOUT = join(import.meta.dirname, "../../..");

/** What a program needs to run at all. Nothing else of the emulator's own environment reaches it: that holds keys. */
const INHERITED = ["HOME", "LANG", "TMPDIR", "USER"] as const;

/** The whole environment of a process that runs inside, as a service or as one of its jobs. */
export function insideEnvironment(
  service: ServiceState,
  variables: Readonly<Record<string, string>>,
  network: PrivateNetwork,
): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    // The same Node that runs the emulator, wherever the machine keeps it.
    PATH: [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter),
    RENDER: "true",
    RENDER_SERVICE_ID: service.id,
    RENDER_SERVICE_NAME: service.name,
    RENDER_SERVICE_TYPE: service.type,
    ...variables,
    ...network.environment(service.serviceDetails.region, variables.NODE_OPTIONS),
  };
}
