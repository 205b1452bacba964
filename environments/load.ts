import { Stop } from "../runtime/errors.ts";
import { oneLine } from "../runtime/text.ts";

/**
 * The environments' files, read when a command is about one of them. All are read: what two of them share is refused.
 *
 * @throws Stop with the mistake, and the file that has it where that is known.
 */
export async function loadEnvironments(
  read: () => Promise<typeof import("./environments.ts")> = () => import("./environments.ts"),
): Promise<typeof import("./environments.ts")> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof Stop ? error : new Stop("misused", describe(error));
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return "An environment's file throws something that is no error.";
  const [place] = /environments\/[\w.-]+\.ts(:\d+)*/.exec(`${error.message}\n${error.stack}`) ?? [];
  // The transformer's first line only counts the mistakes.
  const message = oneLine(error.message.replace(/^Transform failed[^\n]*\n/, "").replace(/^\S*\.ts:\d+:\d+: /, ""));
  return `${place ?? "An environment's file"} cannot be read: ${error.name}: ${message}`;
}
