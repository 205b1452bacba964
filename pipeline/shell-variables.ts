import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { nearest, Stop } from "../runtime/errors.ts";
import { readInstallation } from "./provider-installation.ts";
import type { SynthesizedStack } from "./synthesized-stack.ts";

/** What the shell decides of what Terraform does. */
export interface Shell {
  /** A sentence each, for the review. Names, and values that are no secrets. */
  readonly shown: readonly string[];
  /** What of it another machine must have, too, to apply the same. */
  readonly decides: Readonly<Record<string, string>>;
}

interface Variable {
  readonly names: RegExp;
  /** The values that the row is about. Default: all. */
  readonly values?: RegExp;
  /** Passed on in silence: it changes nothing of what is applied, or the plan itself says what. Default: shown. */
  readonly treatment: "passed on" | "shown" | "refused";
  /** Why it is refused, or what it does: the end of a sentence that begins with its name. */
  readonly says?: string;
}

/** Terraform's own variables; the first row that names one counts. One that is in no row is shown. */
const VARIABLES: readonly Variable[] = [
  {
    names: /^TF_CLI_ARGS_init$/,
    values: /^(\s*-(no-color|upgrade|lockfile=readonly|plugin-dir=\S+))*\s*$/,
    treatment: "shown",
    says: "says where `terraform init` finds the providers",
  },
  // An option such as -refresh=false, -target or -backend-config makes another plan of the same sources.
  { names: /^TF_CLI_ARGS/, treatment: "refused", says: "gives Terraform options that no review can show" },
  {
    names: /^TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE$/,
    treatment: "refused",
    says: "lets Terraform run providers that were not verified",
  },
  { names: /^TF_PLUGIN_CACHE_DIR$/, treatment: "passed on" },
  { names: /^TF_REATTACH_PROVIDERS$/, treatment: "shown", says: "replaces providers by processes that run already" },
  { names: /^TF_DATA_DIR$/, treatment: "shown", says: "says where Terraform keeps its providers and its workspace" },
  // How it talks and whom it trusts. What it asks for is the plan's; what its settings say of providers is read.
  {
    names: /^TF_(INPUT|IN_AUTOMATION|LOG\w*|CLI_CONFIG_FILE|TOKEN_\w+|HTTP_\w+|REGISTRY_\w+)$/,
    treatment: "passed on",
  },
  { names: /^TF_(STATE_PERSIST_INTERVAL|CLOUD_\w+|ENCRYPTION|AZURE_\w+|WORKSPACE)$/, treatment: "passed on" },
];

const reattachSchema = z.record(z.string(), z.unknown());

/**
 * What the shell has Terraform do.
 *
 * @throws Stop for a variable with which Terraform would do what no review shows.
 */
export function readShell(env: NodeJS.ProcessEnv, stack: SynthesizedStack, directory: string): Shell {
  const set = Object.keys(env)
    .filter((name) => /^TF_/.test(name) && env[name] !== "")
    .sort();
  const shown = set.flatMap((name) => {
    if (name.startsWith("TF_VAR_")) return unusedVariable(name, stack.variables);
    const { treatment, says } = rowOf(name, env[name] ?? "") ?? UNKNOWN;
    if (treatment === "refused") {
      throw new Stop("misused", `\`${name}\` is set: it ${says}.`, { remedy: `Unset it: unset ${name}` });
    }
    return treatment === "shown" ? [`${name} ${says}.`] : [];
  });
  const workspace = workspaceOf(env, directory);
  const installation = readInstallation(env, directory);
  const providers = [...reattached(env.TF_REATTACH_PROVIDERS), ...installation.overridden].sort().join(" ");
  return {
    shown: [
      ...(workspace === "default" ? [] : [`The state is the one of the workspace "${workspace}".`]),
      ...shown,
      ...installation.shown,
    ],
    decides: { workspace, providers },
  };
}

function rowOf(name: string, value: string): Variable | undefined {
  return VARIABLES.find(({ names, values }) => names.test(name) && (values?.test(value) ?? true));
}

const UNKNOWN: Omit<Variable, "names"> = {
  treatment: "shown",
  says: "is set, and this project does not know what Terraform does with it",
};

/** A slip of the pen in a variable's name would otherwise be a default that nobody asked for. */
function unusedVariable(name: string, known: readonly string[]): string[] {
  const own = name.slice("TF_VAR_".length);
  if (known.includes(own)) return [];
  const like = nearest(own, known);
  return [`${name} sets no variable of this environment.${like === undefined ? "" : ` Did you mean TF_VAR_${like}?`}`];
}

/** The workspace, which decides which state is read: the variable's, or the one that was selected in the directory. */
function workspaceOf(env: NodeJS.ProcessEnv, directory: string): string {
  if (env.TF_WORKSPACE) return env.TF_WORKSPACE;
  try {
    return readFileSync(join(directory, env.TF_DATA_DIR || ".terraform", "environment"), "utf8").trim() || "default";
  } catch {
    return "default";
  }
}

/** The providers' addresses. Where they run is another place every time. */
function reattached(json: string | undefined): string[] {
  try {
    return Object.keys(reattachSchema.parse(JSON.parse(json || "{}")));
  } catch {
    return ["not JSON"];
  }
}
