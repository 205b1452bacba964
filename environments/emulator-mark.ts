import { Stop } from "../runtime/errors.ts";
import type { Environment } from "./define.ts";

type Meant = Pick<Environment, "name" | "emulator">;

/** Why an environment is not for a shell that is set up for the other Render. */
export function wrongRender({ name, emulator }: Meant): string {
  return emulator
    ? `The environment "${name}" is for Render on this machine only. Start that with "npm run local", and source its exports.`
    : `This shell is set up for Render on this machine, and the environment "${name}" is not for that. Open a new shell.`;
}

/** @throws Stop when an environment and the shell are not for the same Render. */
export function requireOwnRender(environment: Meant, env: Readonly<NodeJS.ProcessEnv>): void {
  if ((env.TF_VAR_emulator === "true") === environment.emulator) return;
  throw new Stop("misused", wrongRender(environment));
}
