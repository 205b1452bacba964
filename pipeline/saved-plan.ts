import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Stop } from "../runtime/errors.ts";
import { writePrivateFile } from "../runtime/private-file.ts";
import { type Fields, type Fingerprint, sha256Of } from "./fingerprint.ts";
import { type Review, reviewSchema } from "./review/review.ts";

const PLANS = join(import.meta.dirname, "..", ".plans");
/** How many fingerprints' fields are kept, to tell what differs from a plan that was approved before. */
const KEPT_FINGERPRINTS = 10;

const fieldsSchema = z.record(z.string(), z.string());
const recordSchema = z.strictObject({
  schemaVersion: z.literal(2),
  /** SHA-256, in hex, of the plan's file. */
  planDigest: z.string(),
  plannedAt: z.iso.datetime(),
  review: reviewSchema,
});

/** A plan that waits to be applied, and the review that was made of it. */
export type SavedPlan = Readonly<z.infer<typeof recordSchema>> & {
  /** The plan's file, read once: whatever lies in its place later is not applied. */
  readonly bytes: Buffer;
};

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

  get #fingerprints(): string {
    return join(this.path, "fingerprints");
  }

  /** A private file of this process for a plan, which has passwords in it. Terraform keeps the mode of an empty one. */
  newPlanFile(content: Uint8Array = new Uint8Array()): string {
    const file = join(this.path, `new-${process.pid}.tfplan`);
    writePrivateFile(file, content);
    return file;
  }

  /** Puts a plan in the place of the last one, with its review. */
  async save(newPlanFile: string, review: Review, fingerprint?: Fingerprint): Promise<void> {
    const planDigest = digest(await readFile(newPlanFile));
    const record = { schemaVersion: 2, planDigest, plannedAt: new Date().toISOString(), review };
    if (fingerprint !== undefined) await this.#keepFields(fingerprint);
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
   * The plan that was reviewed.
   *
   * @throws Stop when there is none, or it cannot be trusted.
   */
  async load(): Promise<SavedPlan> {
    const bytes = await this.#read(this.planFile);
    const record = this.#parse((await this.#read(this.reviewFile)).toString());
    if (record.review.environment !== this.#environment) {
      throw refusal(this.#environment, `it was made for "${record.review.environment}"`);
    }
    if (record.planDigest !== digest(bytes)) {
      const reason = "its file is not the one that was reviewed: it was altered, or belongs to another review";
      throw refusal(this.#environment, reason);
    }
    return { ...record, bytes };
  }

  /** The fields behind a fingerprint that was made here lately. */
  async fieldsOf(sha256: string): Promise<Fields | undefined> {
    try {
      const text = await readFile(join(this.#fingerprints, `${sha256}.json`), "utf8");
      const fields = fieldsSchema.parse(JSON.parse(text));
      return sha256Of(fields) === sha256 ? fields : undefined;
    } catch {
      return undefined;
    }
  }

  async #keepFields({ sha256, fields }: Fingerprint): Promise<void> {
    const kept = await readdir(this.#fingerprints).catch((): string[] => []);
    const ages = await Promise.all(
      kept.map(async (name) => ({ name, at: (await stat(join(this.#fingerprints, name))).mtimeMs })),
    );
    for (const { name } of ages.sort((a, b) => b.at - a.at).slice(KEPT_FINGERPRINTS - 1)) {
      await rm(join(this.#fingerprints, name), { force: true });
    }
    writePrivateFile(join(this.#fingerprints, `${sha256}.json`), JSON.stringify(fields));
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

  #parse(text: string) {
    try {
      return recordSchema.parse(JSON.parse(text));
    } catch {
      throw refusal(this.#environment, "its review cannot be read");
    }
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
