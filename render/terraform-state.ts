import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { runChild } from "../runtime/child-process.ts";
import { within } from "../runtime/wait.ts";

const PULL_MS = 60_000;
/** How far above a step Terraform may be: a shell and a launcher between them. */
const ANCESTORS = 4;

/**
 * The ids that a Terraform state holds, by address (`render_keyvalue.redis`): of what there is, and of what was replaced and is
 * not yet destroyed. What is in here is ours.
 */
export type KnownIds = ReadonlyMap<string, readonly string[]>;

/** The address of an instance: a contract with every state that has it. */
export function instanceAddress(key = "redis"): string {
  return `render_keyvalue.${key}`;
}

/** The address of a service's group. */
export function groupAddress(key = "backend"): string {
  return `render_env_group.${key}`;
}

/** Only addresses and ids: everything else in a state, secrets included, is left where it is. */
const stateSchema = z.object({
  resources: z
    .array(
      z.object({
        module: z.string().optional(),
        type: z.string(),
        name: z.string(),
        instances: z.array(z.object({ attributes: z.object({ id: z.string().nullish() }).nullish() })),
      }),
    )
    .nullish(),
});

/**
 * Reads the state of the stack in a directory, wherever it is kept and in whatever workspace. It takes no lock, so it may be
 * read during an apply; a remote state is then up to 20 s old.
 *
 * @param directory Where Terraform runs; initialized.
 * @returns `undefined` when it cannot be read: then nothing is known to be ours.
 */
export async function readKnownIds(directory: string, signal?: AbortSignal): Promise<KnownIds | undefined> {
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith("TF_CLI_ARGS"));
  const settings = { TF_INPUT: "0", TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" };
  const options = { cwd: directory, env: { ...Object.fromEntries(env), ...settings } };
  const pull = (stop: AbortSignal) => runChild(terraformBinary(), ["state", "pull"], { ...options, signal: stop });
  try {
    const { code, stdout } = await within(PULL_MS, pull, signal);
    return code === 0 ? parseState(stdout) : undefined;
  } catch {
    // The binary or the directory is not there.
    return undefined;
  }
}

/** @param text What `terraform state pull` prints: nothing where there is no state yet. */
export function parseState(text: string): KnownIds | undefined {
  if (text.trim() === "") return new Map();
  const known = new Map<string, string[]>();
  let state: z.output<typeof stateSchema>;
  try {
    state = stateSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
  for (const { module, type, name, instances } of state.resources ?? []) {
    const address = [...(module === undefined ? [] : [module]), type, name].join(".");
    const ids = instances.flatMap(({ attributes }) => attributes?.id ?? []);
    known.set(address, [...(known.get(address) ?? []), ...ids]);
  }
  return known;
}

/** Whether the state has something with this id, at any address. */
export function knows(known: KnownIds, id: string): boolean {
  return [...known.values()].some((ids) => ids.includes(id));
}

/**
 * The Terraform or OpenTofu that runs this process, where the system shows it: another version may not read the state. By
 * hand, and elsewhere, the one that cdktf takes.
 */
function terraformBinary(): string {
  let pid = String(process.ppid);
  try {
    for (let generation = 0; generation < ANCESTORS; generation += 1) {
      const program = readlinkSync(`/proc/${pid}/exe`);
      if (/^(terraform|tofu)/.test(basename(program))) return program;
      pid = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
    }
  } catch {
    // There is no /proc, or what is above belongs to another user.
  }
  return process.env.TERRAFORM_BINARY_NAME || "terraform";
}
