import { findExecutable } from "./find-executable.ts";

/** How software is installed on this machine, named after the package manager; `other` when none of them is there. */
export const PLATFORMS = ["apt", "dnf", "apk", "pacman", "zypper", "brew", "other"] as const;

export type Platform = (typeof PLATFORMS)[number];

// Homebrew comes last: on Linux it lives beside the system's own package manager.
const COMMANDS: readonly (readonly [command: string, platform: Platform])[] = [
  ["apt-get", "apt"],
  ["dnf", "dnf"],
  ["apk", "apk"],
  ["pacman", "pacman"],
  ["zypper", "zypper"],
  ["brew", "brew"],
];

/** The platform of this machine. A Mac counts as Homebrew's even before Homebrew is installed. */
export function detectPlatform(): Platform {
  const found = COMMANDS.find(([command]) => findExecutable(command) !== undefined);
  return found?.[1] ?? (process.platform === "darwin" ? "brew" : "other");
}

/** Whether this process may install software without `sudo`. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
