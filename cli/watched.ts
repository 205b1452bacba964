import { stackPath } from "../environments/define.ts";
import { requireOwnRender } from "../environments/emulator-mark.ts";
import { loadEnvironments } from "../environments/load.ts";
import { Instances, Sampler, type SamplerOptions } from "../operations/sampler.ts";
import { RenderClient } from "../render/api/client.ts";
import { expectedInstance } from "../render/instance.ts";
import { jobServicesOf } from "../render/service.ts";
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
  const ownerId = process.env.RENDER_OWNER_ID || undefined;
  const instances = new Instances(client, ownerId);
  return [...new Set(names)].flatMap((environment) => {
    const described = resolveEnvironment(environment);
    requireOwnRender(described, process.env);
    const { name, redis, services } = described;
    return Object.entries(redis).map(([key, instance]) => {
      return new Sampler({
        ...{ ...options, client, ownerId, instances, secrets, expected: expectedInstance(described, instance) },
        ...{ stackDirectory: stackPath(name), ...jobServicesOf(services, key, process.env) },
        onProgress: (text) => onProgress(name, text),
      });
    });
  });
}
