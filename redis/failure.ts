import { type FailureKind, isReplyCode } from "./explanations.ts";

/** What `ERR` replies are about; the only ones whose later words are looked at. */
const ERR_REPLIES: readonly (readonly [RegExp, FailureKind])[] = [
  [/allow-?list/i, "NOT_ALLOWED"],
  [/max number of clients/i, "MAX_CLIENTS"],
  [/DB index|invalid DB/i, "DB_INDEX"],
  [/^ERR unknown (sub)?command/i, "UNKNOWN_COMMAND"],
  [/invalid password/i, "WRONGPASS"],
  [/without any password configured|no password is set/i, "NO_PASSWORD_SET"],
];

/** What the codes of Node's `net` and `tls` mean. Every other one is a connection that broke. */
const SOCKET_CODES: readonly (readonly [RegExp, FailureKind])[] = [
  [/^(ENOTFOUND|EAI_AGAIN|ENODATA)$/, "NOT_FOUND"],
  [/^ECONNREFUSED$/, "REFUSED"],
  [/^(ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|EACCES)$/, "UNREACHABLE"],
  [/^ETIMEDOUT$/, "TIMEOUT"],
  [/^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/, "NO_HANDSHAKE"],
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, "CERTIFICATE_EXPIRED"],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, "CERTIFICATE_NAME"],
  [/SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT/, "CERTIFICATE_UNTRUSTED"],
];

/** An instance that is new, or restarts, shows these for a while. */
const TRANSIENT: readonly FailureKind[] = [
  ...(["NOT_FOUND", "REFUSED", "UNREACHABLE", "TIMEOUT", "CLOSED", "NO_HANDSHAKE"] as const),
  ...(["LOADING", "BUSY", "MASTERDOWN", "MAX_CLIENTS"] as const),
];

/** A failure by its kind alone; its message holds nothing that a server, or a URL, said. */
export class RedisFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind) {
    super(kind);
    this.name = "RedisFailure";
    this.kind = kind;
  }

  /** Whether trying again may help. */
  get transient(): boolean {
    return TRANSIENT.includes(this.kind);
  }

  /** The failure that an error reply (`-WRONGPASS invalid …`) stands for. */
  static fromReply(line: string): RedisFailure {
    const special = ERR_REPLIES.find(([pattern]) => pattern.test(line));
    // Render's proxy refuses an address with "AUTH failed: Client IP address is not in the allowlist."
    if (special !== undefined && /^(ERR|AUTH)\b/.test(line)) return new RedisFailure(special[1]);
    const word = line.split(" ", 1)[0]?.replace("-", "") ?? "";
    return new RedisFailure(isReplyCode(word) ? word : "ERR");
  }

  /**
   * The failure that an error of Node's `net` or `tls` stands for.
   *
   * @throws The error itself when it has no code: then it is a defect of this program, and must not look like a result.
   */
  static fromSocket(error: unknown): RedisFailure {
    if (error instanceof RedisFailure) return error;
    if (!(error instanceof Error && "code" in error)) throw error;
    const code = String(error.code);
    return new RedisFailure(SOCKET_CODES.find(([pattern]) => pattern.test(code))?.[1] ?? "CLOSED");
  }
}
