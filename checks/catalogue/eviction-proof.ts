import { NEVER_EVICT } from "../../render/spellings.ts";
import type { Check } from "../check.ts";
import { fail, pass, unknown } from "../finding.ts";
import { trying, unanswered } from "../reading.ts";

const SOURCE = "filling the memory";

/** Settings can be wrong about what a server does, and hidden from whoever asks. What happens when memory is full can not. */
export const evictionProof: Check = {
  id: "eviction-proof",
  title: "Never evicts, by trial",
  proves: "With its memory full, the server refuses writes and keeps every key.",
  observes: "proof",
  applies({ prove, expected }) {
    if (expected.evictionPolicy !== NEVER_EVICT) return `the environment wants ${expected.evictionPolicy}`;
    return prove ? true : "only with --prove: it fills the memory of an empty instance";
  },
  run: trying("proof", (proof) => {
    if ("refused" in proof) {
      return unknown(`refused: ${proof.refused}`, "Prove it right after the deploy, before anything is stored.");
    }
    if ("failure" in proof) return unanswered(SOURCE, proof.failure);
    const { canary, created, grown, alive, evicted } = proof;
    const refused = "failure" in canary && canary.failure === "OOM";
    const evidence = {
      expected: "writes refused (OOM), nothing evicted",
      actual: `writes ${refused ? "refused (OOM)" : "accepted"}, ${evicted} evicted, ${alive} of ${created} keys left`,
      source: SOURCE,
    };
    if (evicted > 0 || alive < created)
      return fail(evidence, "Accepted jobs would vanish. Set the policy to noeviction.");
    // A server that evicts, with nothing left to evict, refuses writes too: something must have grown before.
    if (refused && grown > 0) return pass(evidence);
    return unknown(
      "inconclusive: the memory was not filled",
      "Rely on eviction-policy, or try a larger plan.",
      evidence,
    );
  }),
};
