import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { parseState } from "../../render/terraform-state.ts";
import { StateServer } from "../pipeline/state-server.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
/** What the step sees: how it is asked is the step's own matter. */
const STEP = `
  import { writeFileSync } from "node:fs";
  import { readKnownIds } from "${join(REPOSITORY, "render/terraform-state.ts")}";
  const known = await readKnownIds(process.env.TERRAFORM_DIRECTORY);
  writeFileSync(process.env.SEEN, JSON.stringify(known === undefined ? null : [...known]));
`;

let server: StateServer;
beforeAll(async () => {
  server = await StateServer.start();
});
afterAll(() => server.stop());

test.each<[string, backend: () => object, workspace: string | undefined]>([
  ["a local file", () => ({ local: { path: "../elsewhere.tfstate" } }), undefined],
  ["a local file in a workspace", () => ({ local: { path: "../elsewhere.tfstate" } }), "blue"],
  ["an http server, which is locked meanwhile", httpBackend, undefined],
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
  // Not to be found: the step takes the binary that runs it.
  const env = { TERRAFORM_BINARY_NAME: "/no/such/terraform", TF_CLI_ARGS_apply: "-no-color", CHECKPOINT_DISABLE: "1" };
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
