import { requireOwnRender } from "../environments/emulator-mark.ts";
import { loadEnvironments } from "../environments/load.ts";
import { Instances, Sampler, type SamplerOptions } from "../operations/sampler.ts";
import { ownerIdFrom, RenderClient } from "../render/api/client.ts";
import { aimAt } from "./operation.ts";
import type { Program } from "./program.ts";

/** What a command that takes samples decides. */
export interface SamplingOptions extends Pick<SamplerOptions, "vantage" | "seconds" | "oldestJobSeconds" | "signal"> {
  readonly onProgress: (environment: string, text: string) => void;
}

/** All instances of these environments, to be sampled. @throws Stop */
export async function samplersOf(
  names: readonly string[],
  { secrets }: Program,
  { onProgress, ...options }: SamplingOptions,
): Promise<Sampler[]> {
  const { resolveEnvironment } = await loadEnvironments();
  // A sample asks Render at most three times in a row.
  const deadlineMs = (options.seconds * 1_000) / 3;
  const client = RenderClient.fromEnvironment(process.env, { deadlineMs, signal: options.signal });
  const instances = new Instances(client, ownerIdFrom(process.env));
  return [...new Set(names)].flatMap((environment) => {
    const described = resolveEnvironment(environment);
    requireOwnRender(described, process.env);
    return Object.keys(described.redis).map((key) => {
      return new Sampler({
        ...{ ...options, client, instances, secrets, ...aimAt(described, key) },
        onProgress: (text) => onProgress(described.name, text),
      });
    });
  });
}
