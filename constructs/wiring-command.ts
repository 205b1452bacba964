import type { LocalExecProvisioner } from "cdktf";

export interface WiringCommandProps {
  /** A command of `cli/step.ts`. */
  readonly command: "preflight" | "roll-out" | "leave" | "drain" | "hand-over";
  /** The repository's root, as a path relative to the stack's own directory. */
  readonly repository: string;
  /**
   * What the command reads. No secret: it would hide the output when the command succeeds, and be printed when it
   * fails. The API key comes from what Terraform itself runs with.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it runs when the resource is created, or when it is destroyed. A destroying one may refer to `self` only. */
  readonly when: "create" | "destroy";
}

/** A provisioner that runs a command of the wiring. */
export function wiringCommand({ command, repository, environment, when }: WiringCommandProps): LocalExecProvisioner {
  return {
    type: "local-exec",
    command: `node --import tsx wiring/main.ts ${command}`,
    workingDir: `\${path.root}/${repository}`,
    environment: { ...environment },
    ...(when === "destroy" ? { when } : {}),
  };
}
