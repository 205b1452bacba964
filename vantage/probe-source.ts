import { deflateRawSync } from "node:zlib";
import type { ProbeTask } from "./probe-lines.ts";

/** The job's command: all of the probe, packed. Base64 and single quotes stand in any shell as they are. */
export async function probeCommand(task: ProbeTask): Promise<string> {
  // Where the checks are one file, the build has put the finished probe here.
  const { buildProbe } = await import("./build-probe.ts");
  const source = await buildProbe();
  const packed = deflateRawSync(source).toString("base64");
  const unpack = `eval(require("zlib").inflateRawSync(Buffer.from("${packed}","base64")).toString())`;
  return `node -e '${unpack}' '${JSON.stringify(task)}'`;
}
