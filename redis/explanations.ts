/** A failure in words: what was seen, and what to do about it. */
export interface Explanation {
  readonly what: string;
  readonly remedy: string;
}

const RENDER_STATUS = "See the instance's status and logs in Render's dashboard, then run the checks again.";
const REPORT_TLS =
  "Nobody should send a password there. Check RENDER_HOST, and what stands between this machine and Render.";

/** The end of a sentence, which holds in a deploy and on the command line. */
export const MORE_TIME = "allow more time: `checks.deadlineSeconds` in the environment file.";
const IN_BRACES =
  "Render has no clusters: check the URL that the API gives. On a cluster, all keys of a queue must be in one slot: give it a " +
  'prefix in braces, such as prefix: "{bull}".';

/** By the first word of an error reply. All later words differ between servers and versions. */
const REPLIES = {
  WRONGPASS: {
    what: "the user name or password was refused",
    remedy:
      "The API's connection string is out of date. Run again; if it stays, see the instance in Render's dashboard.",
  },
  NOAUTH: {
    what: "a password is asked for, and the URL has none",
    remedy: "Internal authentication was switched on in Render's dashboard: say `internalAuthentication: true`.",
  },
  NOPERM: {
    what: "the user may not run this command",
    remedy: "Render's ACL forbids it. Verify from another vantage point, or ask Render's support.",
  },
  LOADING: { what: "it is still reading its data from disk", remedy: `Wait, or ${MORE_TIME}` },
  READONLY: {
    what: "it is a read-only replica",
    remedy: "Connect to the primary. See the instance in Render's dashboard.",
  },
  MISCONF: {
    what: "it cannot save to disk and refuses writes",
    remedy: "Its disk is full or failing: contact Render's support.",
  },
  OOM: {
    what: "its memory is full and it refuses writes",
    remedy: "Empty old queues (removeOnComplete), or choose a larger plan.",
  },
  BUSYKEY: { what: "the key exists", remedy: "Delete it, or let it be replaced." },
  BUSY: {
    what: "it is busy with a script",
    remedy: `Wait for the script to end, or ${MORE_TIME} If it never ends, find the client that runs it (CLIENT LIST).`,
  },
  CROSSSLOT: { what: "it is a cluster, and the keys of one command are in several slots", remedy: IN_BRACES },
  MOVED: { what: "it is a cluster, and the key is on another node", remedy: IN_BRACES },
  CLUSTERDOWN: { what: "the cluster is down", remedy: RENDER_STATUS },
  MASTERDOWN: { what: "it is a replica without its primary", remedy: RENDER_STATUS },
  NOREPLICAS: { what: "it refuses writes for lack of replicas", remedy: RENDER_STATUS },
  DENIED: { what: "it is in protected mode", remedy: "It was set up without a password: contact Render's support." },
  NOSCRIPT: { what: "it does not keep scripts", remedy: RENDER_STATUS },
} as const satisfies Record<string, Explanation>;

const OTHERS = {
  BAD_URL: { what: "the API's connection string is no Redis URL", remedy: "Check that RENDER_HOST is Render's API." },
  NOT_FOUND: {
    what: "the host name is not known",
    remedy: "Check this machine's DNS; an internal name resolves only inside Render, in the instance's own region.",
  },
  REFUSED: { what: "the connection was refused", remedy: RENDER_STATUS },
  UNREACHABLE: { what: "there is no route to the host", remedy: "Check this machine's network, VPN and IPv6." },
  TIMEOUT: {
    what: "no answer came in time",
    remedy: "Check that a firewall lets port 6379 out; otherwise the instance hangs: restart it in Render's dashboard.",
  },
  CLOSED: { what: "the connection was closed", remedy: `The instance may be restarting. ${RENDER_STATUS}` },
  NO_HANDSHAKE: {
    what: "the port accepts connections but no TLS handshake came about",
    remedy: "Something else answers at this address, or the instance hangs. Check the URL that the API gives.",
  },
  NO_TLS: {
    what: "no TLS: the API's external URL is redis://, so no password was sent",
    remedy: "The API's external URL must begin with rediss://. Check RENDER_HOST, and contact Render's support.",
  },
  TLS_EXPECTED: {
    what: "the port speaks TLS, the URL does not",
    remedy: "Check the URL that the API gives: rediss://.",
  },
  NOT_REDIS: {
    what: "what answers does not speak Redis",
    remedy: "Check the URL that the API gives, and for a proxy in between.",
  },
  CERTIFICATE_EXPIRED: {
    what: "the TLS certificate is not valid today",
    remedy: "Check this machine's clock; if it is right, contact Render's support.",
  },
  CERTIFICATE_NAME: { what: "the TLS certificate is for another host", remedy: REPORT_TLS },
  CERTIFICATE_UNTRUSTED: {
    what: "the TLS certificate is signed by nobody trusted",
    remedy: `${REPORT_TLS} For a private authority set NODE_EXTRA_CA_CERTS.`,
  },
  STOPPED: { what: "the deadline came first", remedy: `Run again, or ${MORE_TIME}` },
  NOT_ALLOWED: {
    what: "this machine's address is not on the allow list",
    remedy: "Add its outgoing address to `redis.ipAllowList`, or set `backend.serviceId` to verify from inside.",
  },
  MAX_CLIENTS: {
    what: "it has no connection left",
    remedy: "Close idle clients (each Bull queue holds three), or choose a larger plan.",
  },
  DB_INDEX: {
    what: "the URL names a database that does not exist",
    remedy: "Remove the number after the URL's last slash.",
  },
  UNKNOWN_COMMAND: {
    what: "it does not know this command",
    remedy: "The command was renamed away: ask Render's support.",
  },
  TOO_LARGE: {
    what: "the value is larger than is read at once",
    remedy: "Split it: a value this large blocks Redis while it is read.",
  },
  NO_PASSWORD_SET: { what: "it has no password to compare with", remedy: "Anyone may log in. See Render's dashboard." },
  ERR: { what: "the command failed", remedy: RENDER_STATUS },
} as const satisfies Record<string, Explanation>;

const EXPLANATIONS = { ...REPLIES, ...OTHERS };

/**
 * Why Redis gave no usable answer, as one word of a fixed list.
 *
 * Nothing else of an error is kept: a reply may quote the command it refuses, and with it a password or a value.
 */
export type FailureKind = keyof typeof EXPLANATIONS;

export const FAILURE_KINDS = Object.keys(EXPLANATIONS) as FailureKind[];

/** Whether an error reply that begins with this word is a kind by itself. */
export function isReplyCode(word: string): word is keyof typeof REPLIES {
  return Object.hasOwn(REPLIES, word);
}

/** What a failure means and what to do. Holds nothing that the server said. */
export function explain(kind: FailureKind): Explanation {
  return EXPLANATIONS[kind];
}
