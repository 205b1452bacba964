import { findInstance, NoInstance, waitUntilAvailable } from "../checks/find-instance.ts";
import type { KeyValue } from "../render/api/endpoints.ts";
import type { ExpectedInstance } from "../render/instance.ts";
import { readKnownIds } from "../render/terraform-state.ts";
import { Stop } from "../runtime/errors.ts";
import { look } from "../vantage/look.ts";
import type { Program } from "../vantage/program.ts";
import type { LookOptions, Vantage } from "../vantage/vantage.ts";

/** The instance that an operation is about, and how it is reached. */
export interface Subject extends LookOptions {
  readonly expected: ExpectedInstance;
  readonly ownerId: string | undefined;
  /** Where Terraform runs for the environment: its state tells which of two instances of a name is ours. */
  readonly stackDirectory: string;
}

/**
 * Finds the instance, which must be available.
 *
 * @throws Stop, RenderApiError
 */
export async function findSubject({ client, expected, ownerId, stackDirectory, ...rest }: Subject): Promise<KeyValue> {
  const { signal, deadline, onProgress } = rest;
  const known = () => readKnownIds(stackDirectory, signal);
  try {
    const { id } = await findInstance(client, expected, ownerId, { directory: stackDirectory, known });
    const instance = await waitUntilAvailable(client, id, signal, (status) => onProgress(`the instance is ${status}`));
    if (instance === undefined) throw new Stop("unknown", `${expected.name} was not available: ${deadline.reason}.`);
    return instance;
  } catch (error) {
    if (!(error instanceof NoInstance)) throw error;
    throw new Stop(error.ambiguous ? "misused" : "failed", `${error.message}.`, { remedy: error.remedy });
  }
}

/**
 * Runs a program against an instance: from the vantage that was asked for, or the first that works.
 *
 * @throws Stop with the remedy when none does; RenderApiError.
 */
export async function operate<Seen>(
  program: Program<Seen>,
  instance: KeyValue,
  vantage: Vantage | "auto",
  subject: LookOptions,
): Promise<{ readonly seen: Seen; readonly vantage: Vantage }> {
  const found = await look(program, instance, vantage, subject);
  if ("seen" in found) return { seen: found.seen, vantage: found.vantage };
  const { reason, remedy } = found.obstacle;
  throw new Stop("unknown", `${instance.name} could not be reached: ${reason}.`, { remedy });
}
