import { buildScript } from "../../vantage/build-script.ts";

/** The probe as one plain script. Where the checks are one file, the build has put the finished script here. */
export function probeScript(): Promise<string> {
  return buildScript(new URL("./probe.ts", import.meta.url));
}
