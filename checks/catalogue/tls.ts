import type { FailureKind } from "../../redis/failure.ts";
import type { Check } from "../check.ts";
import { fail, pass, unknown, warn } from "../finding.ts";

const DAY_MS = 24 * 3_600_000;
/** Certificates are renewed weeks ahead; one that is this near its end was forgotten. */
const WARN_DAYS = 14;

const SOURCE = "TLS handshake";

const ABOUT_TLS: readonly FailureKind[] = [
  "CERTIFICATE_EXPIRED",
  "CERTIFICATE_NAME",
  "CERTIFICATE_UNTRUSTED",
  "NO_HANDSHAKE",
];

export const tls: Check = {
  id: "tls",
  title: "Encrypted",
  proves: "What goes over the internet is encrypted, to a server whose certificate is valid, trusted and its own.",
  applies({ live }) {
    return live.vantage === "inside" ? "inside Render's private network there is no TLS" : true;
  },
  run({ live }) {
    const expected = "TLS with a verified certificate";
    if ("obstacle" in live) {
      const { failure, reason, remedy } = live.obstacle;
      if (failure === undefined || !ABOUT_TLS.includes(failure)) return unknown(reason, remedy);
      return fail({ expected, actual: reason, source: SOURCE }, remedy);
    }
    const { tls: facts } = live.observation.core;
    if (facts === undefined) {
      return fail({ expected, actual: "no TLS", source: SOURCE }, "The API's external URL must begin with rediss://.");
    }
    const days = Math.floor((Date.parse(facts.validTo) - Date.now()) / DAY_MS);
    const evidence = { expected, actual: `${facts.protocol}, certificate verified, ${days} days left`, source: SOURCE };
    return days > WARN_DAYS
      ? pass(evidence)
      : warn(evidence, "The certificate is about to end: tell Render's support.");
  },
};
