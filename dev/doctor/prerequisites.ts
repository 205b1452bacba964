import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { validEnvironments } from "../../environments/environments.ts";
import { ENVIRONMENTS } from "../../environments/list.ts";
import { TERRAFORM_NEEDS, terraformNeed } from "../../environments/terraform-versions.ts";

/** How software is installed on this machine, named after the package manager; `other` when none of them is there. */
export const PLATFORMS = ["apt", "dnf", "apk", "pacman", "zypper", "brew", "other"] as const;

export type Platform = (typeof PLATFORMS)[number];

/** A program as it introduced itself. */
export interface Program {
  /** For example `Terraform` or `OpenTofu`. */
  readonly product: string;
  /** For example `1.11.4`. */
  readonly version: string;
  readonly path: string;
}

/** Commands for each platform, with `sudo` where they need it. */
type Commands = Readonly<Record<Platform, readonly string[]>>;

/** Something that has to be on the machine before this project runs. */
export interface Prerequisite {
  readonly id: "node" | "terraform" | "redis";
  readonly title: string;
  /** Completes "used for …". */
  readonly purpose: string;
  /** The products that will do, each with its lowest version. */
  readonly accepts: readonly { readonly product: string; readonly minimum: string }[];
  /** Names of the programs that may be it, the best first. */
  readonly candidates: readonly string[];
  /** An environment variable that names the only candidate instead. */
  readonly variable?: string;
  /** Arguments that make the program print its version. */
  readonly versionArguments: readonly string[];
  /** What that output says; `undefined` when it is no version. */
  readonly read: (output: string, path: string) => Omit<Program, "path"> | undefined;
  /** What does not work with a program that is new enough, and the commands that mend it. */
  readonly caveat?: (
    program: Program,
    install: readonly string[],
  ) => { problem: string; remedy: readonly string[] } | undefined;
  readonly install: Commands;
  /** Where the platform's own package is the likely cause of a version that is too old, a newer source. */
  readonly upgrade?: Partial<Commands>;
}

/** The variable that cdktf reads to find Terraform; the default is `terraform`. */
const TERRAFORM_BINARY_NAME = "TERRAFORM_BINARY_NAME";

const NVM = [
  "curl -fsSL https://raw.githubusercontent.com/nvm-sh/nvm/v0.40.3/install.sh | bash",
  '. "$HOME/.nvm/nvm.sh"',
  "nvm install 22",
];

const REDIS_FROM_ITS_MAKERS = [
  "sudo apt-get update && sudo apt-get install -y curl gpg lsb-release",
  "curl -fsSL https://packages.redis.io/gpg | sudo gpg --dearmor -o /usr/share/keyrings/redis-archive-keyring.gpg",
  "sudo chmod 644 /usr/share/keyrings/redis-archive-keyring.gpg",
  'echo "deb [signed-by=/usr/share/keyrings/redis-archive-keyring.gpg] https://packages.redis.io/deb $(lsb_release -cs) main" | sudo tee /etc/apt/sources.list.d/redis.list',
  "sudo apt-get update && sudo apt-get install -y redis-server",
];

export const PREREQUISITES: readonly Prerequisite[] = [
  {
    id: "node",
    title: "Node.js",
    purpose: "all commands",
    accepts: [{ product: "Node.js", minimum: "20.19" }],
    candidates: ["node"],
    versionArguments: ["--version"],
    read: (output) => introduce("Node.js", /^v(\d+\.\d+\.\d+\S*)$/.exec(output.trim())?.[1]),
    caveat: ({ version }, install) =>
      isAtLeast(version, "23")
        ? {
            // Its terminal library, node-pty, has prebuilt binaries up to Node's ABI 127 only.
            problem: "cdktf-cli 0.21 does not run on Node.js above 22; use 20 or 22",
            remedy: install,
          }
        : undefined,
    install: {
      apt: NVM,
      dnf: NVM,
      // nvm's binaries are built for glibc, which Alpine does not have.
      apk: ["sudo apk add nodejs npm"],
      pacman: ["sudo pacman -S --needed nodejs-lts-jod npm"],
      zypper: NVM,
      brew: ["brew install node@22", "brew link --overwrite --force node@22"],
      other: ["see https://nodejs.org/en/download"],
    },
  },
  {
    id: "terraform",
    title: "Terraform",
    purpose: "plan and apply",
    accepts: ["Terraform", "OpenTofu"].map((product) => ({ product, minimum: TERRAFORM_NEEDS[0].version })),
    candidates: ["terraform", "tofu"],
    variable: TERRAFORM_BINARY_NAME,
    // The call that cdktf itself makes.
    versionArguments: ["version", "-json"],
    read: (output, path) => {
      // OpenTofu's answer has the same fields, so only the file's name tells them apart.
      const product = basename(realpathSync(path)).includes("tofu") ? "OpenTofu" : "Terraform";
      return introduce(product, terraformVersion(output));
    },
    caveat({ path, version, product }, install) {
      if (!process.env[TERRAFORM_BINARY_NAME] && basename(path) !== "terraform") {
        const remedy = [`export ${TERRAFORM_BINARY_NAME}=${basename(path)}`];
        return { problem: "cdktf runs `terraform` unless it is told otherwise", remedy };
      }
      const needs = validEnvironments(ENVIRONMENTS).map((environment) => ({
        environment,
        need: terraformNeed(environment),
      }));
      const lacking = needs.find(({ need }) => {
        return !isAtLeast(version, need.version) || (need.onlyOpenTofu && product !== "OpenTofu");
      });
      if (lacking === undefined) return undefined;
      const { environment, need } = lacking;
      if (need.onlyOpenTofu) {
        const problem = `"${environment.name}" needs OpenTofu ${need.version} or newer, for ${need.feature}`;
        return {
          problem,
          remedy: ["see https://opentofu.org/docs/intro/install", `export ${TERRAFORM_BINARY_NAME}=tofu`],
        };
      }
      return { problem: `"${environment.name}" needs ${need.version} or newer, for ${need.feature}`, remedy: install };
    },
    install: {
      // Not in Debian or Ubuntu.
      apt: [
        "sudo apt-get update && sudo apt-get install -y curl gpg lsb-release",
        "curl -fsSL https://apt.releases.hashicorp.com/gpg | sudo gpg --dearmor -o /usr/share/keyrings/hashicorp-archive-keyring.gpg",
        'echo "deb [signed-by=/usr/share/keyrings/hashicorp-archive-keyring.gpg] https://apt.releases.hashicorp.com $(lsb_release -cs) main" | sudo tee /etc/apt/sources.list.d/hashicorp.list',
        "sudo apt-get update && sudo apt-get install -y terraform",
      ],
      dnf: [
        'sudo curl -fsSL -o /etc/yum.repos.d/hashicorp.repo "https://rpm.releases.hashicorp.com/$(. /etc/os-release; [ "$ID" = fedora ] && echo fedora || echo RHEL)/hashicorp.repo"',
        "sudo dnf install -y terraform",
      ],
      // These three carry OpenTofu; Terraform's licence keeps it out of Alpine and openSUSE.
      apk: [
        "sudo apk add opentofu --repository=https://dl-cdn.alpinelinux.org/alpine/edge/community",
        `export ${TERRAFORM_BINARY_NAME}=tofu`,
      ],
      pacman: ["sudo pacman -S --needed opentofu", `export ${TERRAFORM_BINARY_NAME}=tofu`],
      zypper: ["sudo zypper install -y opentofu", `export ${TERRAFORM_BINARY_NAME}=tofu`],
      brew: ["brew install hashicorp/tap/terraform"],
      other: ["see https://developer.hashicorp.com/terraform/install"],
    },
    upgrade: { brew: ["brew tap hashicorp/tap", "brew upgrade hashicorp/tap/terraform"] },
  },
  {
    id: "redis",
    title: "Redis",
    purpose: "local instances",
    accepts: [
      { product: "Redis", minimum: "7" },
      { product: "Valkey", minimum: "8" },
    ],
    candidates: ["redis-server", "valkey-server"],
    versionArguments: ["--version"],
    read: (output) => {
      // Some distributions let `redis-server` run Valkey, whose version 7 says "Server" and no name.
      const match = /^(?:(Redis|Valkey) s|S)erver v=(\d+\.\d+\.\d+)/m.exec(output);
      return introduce(match?.[1] ?? "Valkey", match?.[2]);
    },
    install: {
      apt: ["sudo apt-get update && sudo apt-get install -y redis-server"],
      dnf: ["sudo dnf install -y valkey"],
      apk: ["sudo apk add redis"],
      pacman: ["sudo pacman -S --needed valkey"],
      zypper: ["sudo zypper install -y valkey"],
      brew: ["brew install redis"],
      other: ["see https://redis.io/docs/latest/operate/oss_and_stack/install/"],
    },
    upgrade: { apt: REDIS_FROM_ITS_MAKERS, brew: ["brew upgrade redis"] },
  },
];

const TerraformVersion = z.object({ terraform_version: z.string().regex(/^\d+\.\d+\.\d+/) });

function terraformVersion(output: string): string | undefined {
  try {
    return TerraformVersion.parse(JSON.parse(output)).terraform_version;
  } catch {
    return undefined;
  }
}

function introduce(product: string, version: string | undefined): Omit<Program, "path"> | undefined {
  return version === undefined ? undefined : { product, version };
}

/** Whether a dotted version is at least a minimum: `7.0.15` is at least `7`. What follows a hyphen does not count. */
export function isAtLeast(version: string, minimum: string): boolean {
  const parts = (version.split("-")[0] ?? "").split(".").map(Number);
  const wanted = minimum.split(".").map(Number);
  const index = wanted.findIndex((part, index) => part !== (parts[index] ?? 0));
  return index === -1 || (parts[index] ?? 0) > (wanted[index] ?? 0);
}
