import type { Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import { trying, unanswered } from "../reading.ts";

const SOURCE = "PING without a password";

/** A server without a password accepts any, so that ours is accepted proves nothing; being refused without one does. */
export const auth: Check = {
  id: "auth",
  title: "Asks for a password",
  proves: "Whoever has no password gets in nowhere.",
  observes: "stranger",
  applies({ live, expected }) {
    if (live.vantage !== "inside" || expected.internalAuthentication) return true;
    return "inside Render no password is due: internal authentication is off";
  },
  run: trying("stranger", (stranger) => {
    const expected = "refused (NOAUTH)";
    if ("reply" in stranger) {
      return fail(
        { expected, actual: "let in", source: SOURCE },
        "Anyone who reaches the address reads and writes everything. Tell Render's support; change what was stored.",
      );
    }
    if (stranger.failure === "NOAUTH") return pass({ expected, actual: "refused (NOAUTH)", source: SOURCE });
    return unanswered(SOURCE, stranger.failure);
  }),
};
