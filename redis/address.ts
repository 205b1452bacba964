import { RedisFailure } from "./failure.ts";

/** Where a Redis is and how to log in, taken apart from a connection string. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** Where to connect instead: the near end of a tunnel. The certificate is still the host's. */
  readonly via?: { readonly host: string; readonly port: number } | undefined;
}

const DEFAULT_PORT = 6379;
const PLACE = /^(?:\[([0-9a-f:.]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?(?:\/(\d{0,5}))?\/?$/i;

/**
 * Takes a connection string apart.
 *
 * `new URL()` would refuse a password with a bare `/`, `#`, `?` or `%` in it, in an error that shows the whole string.
 * A host never holds an `@`, so the last one ends the password, whatever stands in it.
 *
 * @throws RedisFailure (`BAD_URL`), which holds nothing of the text.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const scheme = /^rediss?:\/\//i.exec(url);
  if (scheme === null) throw new RedisFailure("BAD_URL");
  const rest = url.slice(scheme[0].length);
  const at = rest.lastIndexOf("@");
  const place = PLACE.exec(rest.slice(at + 1));
  const host = place?.[1] ?? place?.[2];
  const port = Number(place?.[3] ?? DEFAULT_PORT);
  if (host === undefined || port < 1 || port > 65_535) throw new RedisFailure("BAD_URL");
  const [username, password] = at === -1 ? [] : splitLogin(rest.slice(0, at));
  return {
    host,
    port,
    tls: /^rediss/i.test(url),
    username: username === "" ? undefined : username,
    password: password === "" ? undefined : password,
    db: Number(place?.[4] || 0),
  };
}

function splitLogin(login: string): [string, string] {
  const colon = login.indexOf(":");
  return colon === -1 ? ["", decode(login)] : [decode(login.slice(0, colon)), decode(login.slice(colon + 1))];
}

/** A `%` that begins no valid escape stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
