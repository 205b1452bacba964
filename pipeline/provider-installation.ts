import { join, resolve } from "node:path";
import { namesIn, textIn } from "./files.ts";

/** What Terraform's own settings decide of the providers that run. */
export interface ProviderInstallation {
  /** A sentence for each file that decides something. */
  readonly shown: readonly string[];
  /** The providers in whose place builds run that no lock file knows. */
  readonly overridden: readonly string[];
}

/** @param directory Where Terraform runs. */
export function readInstallation(env: NodeJS.ProcessEnv, directory: string): ProviderInstallation {
  const files = settingsFiles(env, directory)
    .map(([name, path]) => ({ name, text: textIn(path).replaceAll(/^\s*(#|\/\/).*$/gm, "") }))
    .filter(({ text }) => /\b(provider_installation|dev_overrides)\b/.test(text));
  return {
    shown: files.map(({ name, text }) => {
      const builds = /\bdev_overrides\b/.test(text) ? ", builds that nothing verifies among them (dev_overrides)" : "";
      return `${name} says where Terraform takes its providers from${builds}.`;
    }),
    overridden: files.flatMap(({ text }) => overriddenIn(text)),
  };
}

type SettingsFile = [name: string, path: string];

/** The files that Terraform, or OpenTofu, reads; one that a variable names stands in place of all others. */
function settingsFiles(env: NodeJS.ProcessEnv, directory: string): SettingsFile[] {
  const named = ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"].find((name) => env[name]);
  if (named !== undefined) return [[named, resolve(directory, env[named] ?? "")]];
  const { HOME, APPDATA, XDG_CONFIG_HOME = HOME && join(HOME, ".config") } = env;
  const isTofu = /tofu/.test(env.TERRAFORM_BINARY_NAME ?? "");
  const paths = (isTofu ? ["terraform", "tofu"] : ["terraform"]).flatMap((name) => [
    ...(HOME ? [join(HOME, `.${name}rc`)] : []),
    ...(APPDATA ? [join(APPDATA, `${name}.rc`)] : []),
  ]);
  if (isTofu && XDG_CONFIG_HOME) paths.push(join(XDG_CONFIG_HOME, "opentofu", "tofurc"));
  for (const base of [HOME && join(HOME, ".terraform.d"), APPDATA && join(APPDATA, "terraform.d")]) {
    if (base) paths.push(...namesIn(base, /\.tfrc(\.json)?$/).map((name) => join(base, name)));
  }
  return paths.map((path) => [HOME ? path.replace(HOME, "~") : path, path]);
}

/** The addresses in HCL, or in JSON: `"render-oss/render" = "/home/me/go/bin"`. */
function overriddenIn(text: string): string[] {
  const blocks = [...text.matchAll(/\bdev_overrides\b[^{]*\{([^}]*)\}/g)].map(([, block = ""]) => block);
  return blocks.flatMap((block) => [...block.matchAll(/"([^"]+)"\s*[=:]/g)].map(([, address = ""]) => address));
}
