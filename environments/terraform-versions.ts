import type { Environment } from "./define.ts";
import { encryptionOf } from "./state.ts";

/** Something that an older Terraform cannot do. */
interface Need {
  /** Completes "is needed for …". */
  readonly feature: string;
  /** The lowest version, of Terraform and of OpenTofu alike: both must satisfy the one `required_version`. */
  readonly version: string;
  /** Whether Terraform has it in no version. */
  readonly onlyOpenTofu?: true;
  readonly isUsed: (environment: Pick<Environment, "state">) => boolean;
}

/** Which version each feature needs, the oldest first. The Terraform that is written, the doctor and the README read it. */
export const TERRAFORM_NEEDS: readonly [Need, ...Need[]] = [
  { feature: "everything else", version: "1.9", isUsed: () => true },
  {
    feature: "a state in `s3`, unless `useLockfile` is `false`",
    version: "1.10",
    isUsed: ({ state }) => state.type === "s3" && state.useLockfile,
  },
  {
    feature: "`state.encryption`, which only OpenTofu has",
    version: "1.12",
    onlyOpenTofu: true,
    isUsed: ({ state }) => encryptionOf(state) !== undefined,
  },
];

/** What an environment uses that needs the newest Terraform. */
export function terraformNeed(environment: Pick<Environment, "state">): Need {
  return TERRAFORM_NEEDS.findLast(({ isUsed }) => isUsed(environment)) ?? TERRAFORM_NEEDS[0];
}
