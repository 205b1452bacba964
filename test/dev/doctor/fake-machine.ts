import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { vi } from "vitest";
import { diagnose } from "../../../dev/doctor/diagnose.ts";

/** Programs that print their version as the real ones do. The scripts use sh and absolute paths only. */
export const PROGRAM = {
  node: (version: string) => `echo v${version}`,
  // The noise on stderr is what Terraform prints when its settings name a file that is not there.
  terraform: (version: string) => `echo "│ Warning: Unable to open CLI configuration file" >&2
echo '{ "terraform_version": "${version}", "platform": "linux_amd64", "provider_selections": {} }'`,
  redis: (version: string) =>
    `echo "Redis server v=${version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d"`,
  valkey: (version: string) => `echo "Valkey server v=${version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=9"`,
};

/** Everything that is needed, in a version that is good enough. */
export const HEALTHY = {
  node: PROGRAM.node("20.19.0"),
  terraform: PROGRAM.terraform("1.9.0"),
  "redis-server": PROGRAM.redis("7.0.15"),
};

/** Who runs the doctor, whoever runs the tests. */
type User = "root" | "somebody";

interface Settings {
  readonly user?: User;
  readonly env?: Readonly<Record<string, string>>;
}

/** A PATH on which only the given programs exist. */
export class FakeMachine implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "doctor-"));
  readonly bin = join(this.#folder, "bin");
  readonly #calls = join(this.#folder, "calls");

  constructor(programs: Readonly<Record<string, string | undefined>>) {
    mkdirSync(this.bin);
    writeFileSync(this.#calls, "");
    for (const [name, script] of Object.entries(programs)) {
      if (script !== undefined) writeFileSync(join(this.bin, name), this.#toFile(script), { mode: 0o755 });
    }
  }

  /** What the programs appended to `$CALLS`, a line each. */
  get calls(): string[] {
    return readFileSync(this.#calls, "utf8").split("\n").filter(Boolean);
  }

  /** Runs the command as npm would. */
  async doctor(args: readonly string[] = [], settings: Settings = {}) {
    const identity = `data:text/javascript,process.getuid=()=>${uidOf(settings.user)}`;
    return await execa(
      process.execPath,
      ["--import", "tsx", "--import", identity, "dev/doctor/main.ts", ...args],
      // FORCE_COLOR and CI persuade many libraries to colour a pipe.
      { env: { PATH: this.bin, FORCE_COLOR: "1", CI: "1", ...settings.env }, extendEnv: false, reject: false },
    );
  }

  /** What `diagnose` finds here. Changes this process's environment meanwhile, so never use it concurrently. */
  async diagnosis(settings: Settings = {}) {
    vi.spyOn(process, "getuid").mockReturnValue(uidOf(settings.user));
    for (const [name, value] of Object.entries({ PATH: this.bin, TERRAFORM_BINARY_NAME: undefined, ...settings.env })) {
      vi.stubEnv(name, value);
    }
    try {
      const { ok, platform, findings } = await diagnose();
      const [node, terraform, redis] = findings;
      if (node?.id !== "node" || terraform?.id !== "terraform" || redis?.id !== "redis") {
        throw new Error(`expected node, terraform and redis, got: ${JSON.stringify(findings)}`);
      }
      return { ok, platform, node, terraform, redis };
    } finally {
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #toFile(script: string): string {
    return `#!/bin/sh\nBIN='${this.bin}'\nCALLS='${this.#calls}'\n${script}\n`;
  }
}

function uidOf(user: User = "somebody"): number {
  return user === "root" ? 0 : 1000;
}
