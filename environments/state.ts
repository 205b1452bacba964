import { z } from "zod";
import { notOneOf } from "../runtime/errors.ts";

/** The kinds of backend that can be chosen. */
export const STATE_TYPES = ["local", "s3", "gcs", "azurerm", "pg", "http", "hcp"] as const;

const relativePath = z
  .string()
  .min(1, "must be a path, relative to the repository")
  .refine((path) => !/^([/\\]|[A-Za-z]:)/.test(path), {
    error:
      'must be relative to the repository, such as ".state/production.tfstate": an absolute one exists on one machine',
  })
  .refine((path) => !path.split(/[/\\]/).some((part) => part === ".." || part === "cdktf.out"), {
    error: 'must be inside the repository and outside cdktf.out, which synthesis empties: ".state/production.tfstate"',
  });

const url = z
  .url({ protocol: /^https?$/, error: "must be an http or https address" })
  .refine((address) => !address.includes("@"), {
    error: "must not hold a user name or password. Set TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
  });

const filled = z.string().min(1, "must not be empty");

/**
 * How OpenTofu (1.12 or newer) encrypts the state, and every saved plan, before they leave its process. Terraform cannot.
 *
 * @see https://opentofu.org/docs/language/state/encryption/
 */
const encryption = z
  .strictObject({
    key: z.discriminatedUnion("type", [
      /** A passphrase of at least 16 characters, in `TF_VAR_state_passphrase`. It is all that is needed to read the state. */
      z.strictObject({ type: z.literal("passphrase") }),
      /** A key of AWS, with AWS's own variables. */
      z.strictObject({ type: z.literal("aws_kms"), kmsKeyId: filled, region: filled }),
      /** A key of Google Cloud, with Google's own variables. */
      z.strictObject({ type: z.literal("gcp_kms"), kmsEncryptionKey: filled }),
    ]),
    /** Whether a state that is not encrypted yet is read, too. Until the first apply; then it says `false`. */
    migrating: z.boolean().default(false),
  })
  .optional();

/** The Terraform variable that has a passphrase. */
export const PASSPHRASE = "state_passphrase";

/** How a state is encrypted. */
export type Encryption = NonNullable<z.output<typeof encryption>>;

/**
 * Where Terraform keeps what it knows of the environment. The state holds the external URL with its password, so it
 * belongs where only operators can read it. Credentials never stand here: every backend reads them from the
 * environment (AWS_*, GOOGLE_*, ARM_*, PG_CONN_STR, TF_HTTP_*, TF_TOKEN_*).
 *
 * @see https://developer.hashicorp.com/terraform/language/backend
 */
export const stateSchema = z.discriminatedUnion(
  "type",
  [
    /** A file on this machine: for one person, without a lock between machines. */
    z.strictObject({ type: z.literal("local"), path: relativePath, encryption }),
    z.strictObject({
      type: z.literal("s3"),
      bucket: filled,
      key: filled,
      region: filled,
      encrypt: z.boolean().default(true),
      /** Locks with a file beside the state; needs no DynamoDB table. */
      useLockfile: z.boolean().default(true),
      /** Of a store that speaks S3 and is not Amazon's: R2, MinIO. It must know conditional writes, for the lock. */
      endpoint: url.optional(),
      kmsKeyId: filled.optional(),
      encryption,
    }),
    z.strictObject({ type: z.literal("gcs"), bucket: filled, prefix: filled, encryption }),
    z.strictObject({
      type: z.literal("azurerm"),
      resourceGroupName: filled,
      storageAccountName: filled,
      containerName: filled,
      key: filled,
      encryption,
    }),
    /** PostgreSQL; the connection string comes from PG_CONN_STR. */
    z.strictObject({ type: z.literal("pg"), schemaName: filled, encryption }),
    z.strictObject({
      type: z.literal("http"),
      address: url,
      lockAddress: url.optional(),
      unlockAddress: url.optional(),
      encryption,
    }),
    /** HCP Terraform. Set the workspace's execution mode to Local: the checks run where Terraform does. */
    z.strictObject({ type: z.literal("hcp"), organization: filled, workspace: filled, hostname: filled.optional() }),
  ],
  { error: ({ code, input }) => (code === "invalid_union" ? wrongType(Object(input).type) : undefined) },
);

function wrongType(type: unknown): string {
  return type === undefined ? "is missing." : notOneOf(STATE_TYPES, type).message;
}

/** Where an environment's Terraform state is kept. */
export type State = z.output<typeof stateSchema>;

/** How a state is encrypted; `undefined` where it is not. HCP Terraform encrypts what it keeps itself. */
export function encryptionOf(state: State): Encryption | undefined {
  return state.type === "hcp" ? undefined : state.encryption;
}
