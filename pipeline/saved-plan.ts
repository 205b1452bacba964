import { createHash } from "node:crypto";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Stop } from "../runtime/errors.ts";
import { writePrivateFile } from "../runtime/private-file.ts";
import { fingerprintOf } from "./review/fingerprint.ts";
import { type Review, reviewSchema } from "./review/review.ts";

const PLANS = join(import.meta.dirname, "..", ".plans");

const recordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Of the review; what an approval names. */
  fingerprint: z.string(),
  /** SHA-256, in hex, of the plan's file. */
  planDigest: z.string(),
  plannedAt: z.iso.datetime(),
  review: reviewSchema,
});

/** A plan that waits to be applied, and the review that was made of it. */
export type SavedPlan = Readonly<z.infer<typeof recordSchema>>;

/** Where an environment's plan and all that belongs to it are kept. The directory is git-ignored. */
export class PlanDirectory {
  readonly #environment: string;
  readonly path: string;

  constructor(environment: string) {
    this.#environment = environment;
    this.path = join(PLANS, environment);
  }

  get planFile(): string {
    return join(this.path, "plan.tfplan");
  }

  get reviewFile(): string {
    return join(this.path, "review.json");
  }

  get deployments(): string {
    return join(this.path, "deployments");
  }

  /** An empty private file for Terraform to write a plan into, which has passwords in it. Terraform keeps the mode. */
  newPlanFile(): string {
    const file = join(this.path, `new-${process.pid}.tfplan`);
    writePrivateFile(file, "");
    return file;
  }

  /** Puts a plan in the place of the last one, with its review. */
  async save(newPlanFile: string, review: Review): Promise<void> {
    const record: SavedPlan = {
      schemaVersion: 1,
      fingerprint: fingerprintOf(review),
      planDigest: digest(await readFile(newPlanFile)),
      plannedAt: new Date().toISOString(),
      review,
    };
    // Between the two the digests differ, so that nothing can be applied.
    await rename(newPlanFile, this.planFile);
    writePrivateFile(this.reviewFile, `${JSON.stringify(record, null, 2)}\n`);
  }

  /** Nothing is left to apply. */
  async clear(): Promise<void> {
    await rm(this.planFile, { force: true });
    await rm(this.reviewFile, { force: true });
  }

  /**
   * The plan that was reviewed, if it is all of it and nothing else.
   *
   * @throws Stop when there is none, or it cannot be trusted.
   */
  async load(): Promise<SavedPlan> {
    const plan = await this.#read(this.planFile);
    const record = this.#parse((await this.#read(this.reviewFile)).toString());
    if (record.review.environment !== this.#environment) {
      throw this.#refuse(`it was made for "${record.review.environment}"`);
    }
    if (record.fingerprint !== fingerprintOf(record.review))
      throw this.#refuse("its review was altered after it was made");
    if (record.planDigest !== digest(plan)) {
      throw this.#refuse("its file is not the one that was reviewed: it was altered, or belongs to another review");
    }
    return record;
  }

  async #read(file: string): Promise<Buffer> {
    try {
      return await readFile(file);
    } catch {
      throw new Stop("failed", `There is no saved plan for "${this.#environment}".`, {
        remedy: `Make one with: npm run plan -- ${this.#environment}`,
      });
    }
  }

  #parse(text: string): SavedPlan {
    try {
      return recordSchema.parse(JSON.parse(text));
    } catch {
      throw this.#refuse("its review cannot be read");
    }
  }

  #refuse(reason: string): Stop {
    return refusal(this.#environment, reason);
  }
}

/** The sentence that every refusal is. */
export function refusal(environment: string, reason: string): Stop {
  return new Stop("failed", `The saved plan for "${environment}" is refused: ${reason}. Nothing was applied.`, {
    remedy: `Plan again, and have that reviewed: npm run plan -- ${environment}`,
  });
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
