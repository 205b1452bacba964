import { stackPath } from "../environments/define.ts";
import { requireOwnRender } from "../environments/emulator-mark.ts";
import { loadEnvironments } from "../environments/load.ts";
import { pickInstance } from "../environments/pick.ts";
import type { Subject } from "../operations/operate.ts";
import { RenderClient } from "../render/api/client.ts";
import { expectedInstance } from "../render/instance.ts";
import { serviceIdOf } from "../render/service.ts";
import { startProgress } from "../runtime/progress.ts";
import type { Program } from "./program.ts";

/**
 * What an operation's command is about: `<environment> [instance]`.
 *
 * @param instance Its name in the environment's file. Left out, the only one.
 * @param seconds For the whole command.
 * @throws Stop
 */
export async function subjectOf(
  program: Program,
  environment: string,
  instance: string | undefined,
  seconds: number,
): Promise<Subject & { stopProgress(): void }> {
  const deadline = program.limit(seconds);
  const { resolveEnvironment } = await loadEnvironments();
  const described = resolveEnvironment(environment);
  const { name, services } = described;
  requireOwnRender(described, process.env);
  const [key, redis] = pickInstance(described, instance);
  const progress = await startProgress(process.stderr);
  const onProgress = (text: string) => progress.update(name, text);
  const client = RenderClient.fromEnvironment(process.env, {
    deadlineMs: deadline.remainingMs,
    signal: deadline.signal,
    onWait: onProgress,
  });
  return {
    client,
    deadline,
    signal: deadline.signal,
    secrets: program.secrets,
    onProgress,
    expected: expectedInstance(described, redis),
    ownerId: process.env.RENDER_OWNER_ID || undefined,
    stackDirectory: stackPath(name),
    serviceId: Object.entries(services)
      .filter(([, { uses }]) => Object.values(uses).some((use) => use.redis === key))
      .map(([name, service]) => serviceIdOf(name, service, process.env))
      .find((id) => id !== undefined),
    stopProgress: () => progress.stop(),
  };
}
