import { cpSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnvironmentInput } from "../environments/define.ts";
import { REPOSITORY } from "./rehearsal.ts";

/** Not part of what is deployed, or made by a run. */
const LEFT_OUT = new Set(["node_modules", "cdktf.out", "test", "bench", "dev"]);

/** A copy of what is deployed of this repository, for commands to be run as people and pipelines run them. */
export class Checkout {
  readonly path = mkdtempSync(join(tmpdir(), "checkout-"));

  constructor() {
    for (const name of readdirSync(REPOSITORY)) {
      if (LEFT_OUT.has(name) || (name.startsWith(".") && name !== ".github")) continue;
      cpSync(join(REPOSITORY, name), join(this.path, name), { recursive: true });
    }
    symlinkSync(join(REPOSITORY, "node_modules"), join(this.path, "node_modules"));
  }

  /** Writes the file of an environment that this repository has, too. */
  write(environment: EnvironmentInput): void {
    const { name } = environment;
    const text = `export const ${name} = defineEnvironment(${JSON.stringify(environment)});`;
    const file = join(this.path, "environments", `${name}.ts`);
    writeFileSync(file, `import { defineEnvironment } from "./define.ts";\n\n${text}\n`);
  }
}
