import { RedisFailure } from "../redis/failure.ts";
import { encode, type Reply, RespParser } from "../redis/resp.ts";

/** What is sent to a Redis in one write, and how it goes on from there. */
export interface Exchange {
  /** Which connection. It is opened when it is first named. One in a capital letter does not log in. */
  readonly on: string;
  /** None: only the next reply is waited for, as that of a subscription. */
  readonly send?: readonly (readonly string[])[];
  /** Many of the same: the commands for each number of a range, in which `%` is the number in three digits. Sent first. */
  readonly many?: Many;
  /** Sent last. */
  readonly sendLast?: readonly (readonly string[])[];
  /**
   * `patient` is sent again until there is a connection, and the Redis is not busy. A text is a regular expression (as all languages
   * know them) of the reply as it is encoded: where it does not match, what follows on this connection is left out, up to what is
   * `last`. The first such exchange on a connection is sent up to ten times within a second; where it never matches, `last` is left
   * out, too. After it, the server's count of connections and of evicted keys must stay as they are.
   */
  readonly goesOn?: "patient" | "last" | { readonly where: string };
}

interface Many {
  readonly from: number;
  readonly to: number;
  readonly commands: readonly (readonly string[])[];
}

/** Closes a connection. */
export interface Closing {
  readonly close: string;
}

/** What came of an exchange. */
export interface Exchanged {
  /** `undefined` where it was left out, or where the program has no clock. */
  readonly milliseconds: number | undefined;
  /** The reply to the login that came before, if one did. */
  readonly login: Reply | undefined;
  /** One for each command. Where the connection broke, that is the last of them. Empty where it was left out. */
  readonly replies: readonly Reply[];
}

/** Exchanges as a text for the programs of `interpreters.ts`: no quotes, no spaces but those between its parts. */
export function encodeExchanges(exchanges: readonly (Exchange | Closing)[]): string {
  return exchanges
    .map((one) => {
      if ("close" in one) return `${one.close} 0 - `;
      const { on, send = [], many, sendLast = [], goesOn } = one;
      const guard = goesOn === undefined ? "-" : goesOn === "patient" ? "*" : goesOn === "last" ? "!" : goesOn.where;
      return `${on} ${countOf(one)} ${guard} ${text(send)}${many === undefined ? "" : textOfMany(many)}${text(sendLast)}`;
    })
    .join("|");
}

function countOf({ send = [], many, sendLast = [] }: Exchange): number {
  const repeated = many === undefined ? 0 : (many.to - many.from) * many.commands.length;
  return send.length + repeated + sendLast.length || 1;
}

/** Commands on the wire, with a sign each for what ends a line and for a space. */
function text(commands: readonly (readonly string[])[]): string {
  return encode(commands).toString("latin1").replaceAll("\r\n", "@").replaceAll(" ", "^");
}

function textOfMany({ from, to, commands }: Many): string {
  const digits = commands.map((words) => words.map((word) => word.replaceAll("%", "%%%")));
  return `[${from}^${to}^${text(digits).replaceAll("%%%", "%")}]`;
}

/** What a program answered; `undefined` when it is no answer to these exchanges. */
export function decodeExchanged(answer: string, exchanges: readonly (Exchange | Closing)[]): Exchanged[] | undefined {
  const exchanged: Exchanged[] = [];
  let login: Reply | undefined;
  for (const record of answer.split("|")) {
    const [, time = "", said = ""] = /^(L|\d*)\^(.*)$/.exec(record) ?? [];
    const one = exchanges[exchanged.length];
    if (one === undefined || !record.includes("^")) return undefined;
    if (time === "L") {
      [login] = repliesIn(said, 1);
      continue;
    }
    const replies = "close" in one || said === "" ? [] : repliesIn(said, countOf(one));
    exchanged.push({ milliseconds: time === "" || said === "" ? undefined : Number(time) / 1_000, login, replies });
    login = undefined;
  }
  return exchanged.length === exchanges.length ? exchanged : undefined;
}

function repliesIn(said: string, count: number): Reply[] {
  const failed = /^!(\w+)$/.exec(said)?.[1];
  if (failed !== undefined) return [failureOf(failed)];
  try {
    const replies = new RespParser().push(Buffer.from(said.replaceAll("^", " ").replaceAll("@", "\r\n"), "latin1"));
    return replies.length < count ? [...replies, new RedisFailure("CLOSED")] : replies;
  } catch (error) {
    return [RedisFailure.fromSocket(error)];
  }
}

/** The numbers by which Linux knows an error of a connection. */
const LINUX: Readonly<Record<string, string>> = {
  ...{ 11: "ETIMEDOUT", 101: "ENETUNREACH", 110: "ETIMEDOUT", 111: "ECONNREFUSED", 113: "EHOSTUNREACH" },
};

function failureOf(code: string): RedisFailure {
  if (code === "STOPPED") return new RedisFailure("STOPPED");
  return RedisFailure.fromSocket(Object.assign(new Error(), { code: LINUX[code] ?? code }));
}
