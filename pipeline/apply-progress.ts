import type { Secrets } from "../runtime/secrets.ts";
import { harmless, oneLine } from "../runtime/text.ts";
import type { DeploymentRecord } from "./deployment-record.ts";
import { describeDiagnostic, type TerraformEvent } from "./terraform-event.ts";

/** Reads along while Terraform applies: what is done, what failed, and what the steps of the graph printed. */
export class ApplyProgress {
  readonly #secrets: Secrets;
  readonly #isCheck: (address: string) => boolean;
  /** Each once: what is replaced is done twice. */
  readonly #done = new Set<string>();
  readonly #failed: DeploymentRecord["failed"] = [];
  readonly #checks = new Map<string, DeploymentRecord["checks"][number]>();

  constructor(secrets: Secrets, isCheck: (address: string) => boolean) {
    this.#secrets = secrets;
    this.#isCheck = isCheck;
  }

  /** A line for whoever watches; `undefined` for what is not worth one. */
  read({ type, hook, diagnostic, "@message": message }: TerraformEvent): string | undefined {
    if (diagnostic !== undefined) {
      if (diagnostic.severity !== "error") return undefined;
      // The message of a command that failed repeats all its output, which has been read line by line.
      const error = harmless(this.#secrets.mask(describeDiagnostic(diagnostic).replace(/ Output: [\s\S]*/, "")));
      this.#failed.push({ ...(diagnostic.address === undefined ? {} : { address: diagnostic.address }), error });
      return undefined;
    }
    const address = hook?.resource.addr;
    if (address === undefined) return undefined;
    if (type === "provision_start" && this.#isCheck(address)) {
      this.#checks.set(address, { address, result: "interrupted", output: [] });
    }
    if (type === "provision_progress") return this.#progress(address, hook?.output ?? "");
    if (type === "provision_complete") this.#finish(address, "passed");
    if (type === "provision_errored") this.#finish(address, "failed");
    if (type === "apply_complete") this.#done.add(address);
    return /^apply_/.test(type) ? oneLine(this.#secrets.mask(message)) : undefined;
  }

  /** What is known by now. */
  get result(): Pick<DeploymentRecord, "done" | "failed" | "checks"> {
    return { done: [...this.#done], failed: [...this.#failed], checks: [...this.#checks.values()] };
  }

  #progress(address: string, output: string): string {
    const lines = harmless(this.#secrets.mask(output))
      .split("\n")
      .filter((line) => line.trim() !== "");
    this.#checks.get(address)?.output.push(...lines);
    return lines.map((line) => `  ${line}`).join("\n");
  }

  #finish(address: string, result: "passed" | "failed"): void {
    const check = this.#checks.get(address);
    if (check !== undefined) check.result = result;
  }
}
