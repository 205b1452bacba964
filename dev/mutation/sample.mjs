// A checker for Stryker that lets a seeded sample of the mutants pass; the others are not tried.
import { createHash } from "node:crypto";
import { relative } from "node:path";

const { MUTATION_SEED: seed = "1", MUTATION_SHARE: share = "1" } = process.env;

/** The same mutants on every machine, for as long as their code stays: a hash decides, not a random number. */
function isDrawn({ fileName, location: { start, end }, replacement }) {
  const file = relative(process.cwd(), fileName);
  const name = [seed, file, start.line, start.column, end.line, end.column, replacement].join(":");
  return createHash("sha256").update(name).digest().readUInt32BE() / 2 ** 32 < Number(share);
}

const sample = {
  async init() {},
  async group(mutants) {
    return [mutants.map(({ id }) => id)];
  },
  async check(mutants) {
    const results = mutants.map((mutant) => [
      mutant.id,
      isDrawn(mutant) ? { status: "passed" } : { status: "compileError", reason: "not in the sample" },
    ]);
    return Object.fromEntries(results);
  },
};

export const strykerPlugins = [{ kind: "Checker", name: "sample", factory: () => sample }];
