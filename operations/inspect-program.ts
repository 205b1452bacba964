import { parseRedisUrl } from "../redis/address.ts";
import type { Program } from "../vantage/program.ts";
import { type InspectTask, inspect } from "./inspect.ts";
import { type Inspection, inspectionSchema } from "./inspection.ts";

/** Inspects a Redis, from any vantage. */
export function inspecting(task: InspectTask, withinMs: number): Program<Inspection> {
  return {
    here: (url, { signal, via, onProgress }) =>
      inspect({ ...parseRedisUrl(url), via }, { ...task, withinMs, signal, onProgress }),
    script: async () => {
      const { buildScript } = await import("../vantage/build-script.ts");
      return buildScript(new URL("./inspect-probe.ts", import.meta.url));
    },
    task: { ...task },
    answer: inspectionSchema,
  };
}
