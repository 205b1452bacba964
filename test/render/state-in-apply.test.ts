import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { stateSchema } from "../../environments/state.ts";
import { parseState } from "../../render/terraform-state.ts";
import { stateSettings } from "../../stacks/state-settings.ts";
import { findPostgres, Postgres } from "../pipeline/postgres.ts";
import { S3Store } from "../pipeline/s3-store.ts";
import { StateServer } from "../pipeline/state-server.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
/** What the step sees: how it is asked is the step's own matter. */
const STEP = `
  import { writeFileSync } from "node:fs";
  import { readKnownIds } from "${join(REPOSITORY, "render/terraform-state.ts")}";
  const known = await readKnownIds(process.env.TERRAFORM_DIRECTORY);
  writeFileSync(process.env.SEEN, JSON.stringify(known === undefined ? null : [...known]));
`;

/** The binary is not to be found: the step takes the one that runs it. */
const SHELL = {
  ...{ TERRAFORM_BINARY_NAME: "/no/such/terraform", TF_CLI_ARGS_apply: "-no-color", CHECKPOINT_DISABLE: "1" },
  ...{ AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" },
};

const programs = findPostgres();
let server: StateServer;
let store: S3Store;
let postgres: Postgres | undefined;
beforeAll(async () => {
  [server, store, postgres] = await Promise.all([
    StateServer.start(),
    S3Store.start(),
    programs === undefined ? undefined : Postgres.start(programs),
  ]);
});
afterAll(async () => {
  server.stop();
  store.stop();
  await postgres?.stop();
});

type Kept = [string, backend: () => object, workspace: string | undefined];
/** Where PostgreSQL is installed. */
const IN_POSTGRES: Kept[] =
  programs === undefined ? [] : [["PostgreSQL, which is locked meanwhile", () => ({ pg: {} }), undefined]];

test.each<Kept>([
  ...IN_POSTGRES,
  ["a local file", () => ({ local: { path: "../elsewhere.tfstate" } }), undefined],
  ["a local file in a workspace", () => ({ local: { path: "../elsewhere.tfstate" } }), "blue"],
  ["an http server, which is locked meanwhile", httpBackend, undefined],
  ["a store that speaks S3, which is locked meanwhile", s3Backend, undefined],
  ["a store that speaks S3, in a workspace", s3Backend, "blue"],
])("a step reads the state during the apply, and from where it is kept: %s", async (_what, backend, workspace) => {
  const root = mkdtempSync(join(tmpdir(), "state-in-apply-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const directory = join(root, "stack");
  const seen = join(root, "seen.json");
  await execa("mkdir", [directory]);
  writeFileSync(join(root, "step.mts"), STEP);
  const describe = (input: string) => {
    const environment = { TERRAFORM_DIRECTORY: "$" + "{abspath(path.root)}", SEEN: seen };
    const command = `node --import tsx ${join(root, "step.mts")}`;
    const resource = {
      terraform_data: {
        thing: { triggers_replace: [input], lifecycle: { create_before_destroy: true } },
        hand_over: {
          triggers_replace: [input],
          depends_on: ["terraform_data.thing"],
          provisioner: [{ "local-exec": { command, working_dir: REPOSITORY, environment } }],
        },
      },
    };
    const text = JSON.stringify({ terraform: { backend: backend() }, resource });
    writeFileSync(join(directory, "main.tf.json"), text);
  };
  const env = { ...SHELL, ...(postgres === undefined ? {} : { PG_CONN_STR: postgres.connectionString }) };
  const terraform = (...args: string[]) => execa("terraform", args, { cwd: directory, env });
  const thing = () => new Map<string, string[]>(JSON.parse(readFileSync(seen, "utf8"))).get("terraform_data.thing");

  describe("1");
  await terraform("init", "-input=false");
  if (workspace !== undefined) await terraform("workspace", "new", workspace);
  await terraform("apply", "-auto-approve", "-input=false");
  // A remote state may not have it yet.
  const first = thing() ?? [];
  expect(first.length).toBeLessThanOrEqual(1);

  describe("2");
  await terraform("apply", "-auto-approve", "-input=false");
  const { stdout } = await terraform("state", "pull");
  const [id] = parseState(stdout)?.get("terraform_data.thing") ?? [];
  const after = thing() ?? [];
  // What is replaced is there; the new one is, where the state is written at once.
  expect(after.filter((one) => one !== id)).toHaveLength(1);
  if (first.length === 1) expect(after).toContain(first[0]);
});

function httpBackend() {
  const { address } = server;
  return { http: { address, lock_address: address, unlock_address: address } };
}

function s3Backend() {
  const state = stateSchema.parse({
    type: "s3",
    bucket: "states",
    key: "in-apply",
    region: "auto",
    endpoint: store.endpoint,
  });
  const { type, settings } = stateSettings(state);
  return { [type]: settings };
}
