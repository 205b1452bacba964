import { z } from "zod";
import type { Diagnostic } from "../framework/diagnostic.ts";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const dynamicValue = z.object({ msgpack: bytes });
const typeName = z.string();

/** The requests of the protocol, as far as the providers here read them. */
export const requests = {
  nothing: z.object({}),
  validateProviderConfig: z.object({ config: dynamicValue }),
  validateResourceConfig: z.object({ typeName, config: dynamicValue }),
  upgradeResourceState: z.object({ typeName, rawState: z.object({ json: bytes }) }),
  configureProvider: z.object({ config: dynamicValue }),
  readResource: z.object({ typeName, currentState: dynamicValue }),
  planResourceChange: z.object({
    typeName,
    priorState: dynamicValue,
    proposedNewState: dynamicValue,
    config: dynamicValue,
  }),
  applyResourceChange: z.object({ typeName, priorState: dynamicValue, plannedState: dynamicValue }),
  importResourceState: z.object({ typeName, id: z.string() }),
};

/** The protocol's `Diagnostic` message. */
export function diagnosticMessage({ summary, detail, path }: Diagnostic): object {
  return { severity: "ERROR", summary, detail, ...(path === undefined ? {} : { attribute: { steps: path } }) };
}
