import { randomBytes, randomInt } from "node:crypto";

const BASE32_HEX = "0123456789abcdefghijklmnopqrstuv";
const LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** What Render's ids begin with. */
export type IdPrefix =
  | "red"
  | "evg"
  | "srv"
  | "crn"
  | "dep"
  | "job"
  | "prj"
  | "evm"
  | "tea"
  | "evt"
  | "cdm"
  | "log"
  | "dsk";

/** A new id as Render makes them: the prefix, and 20 characters of which the first carry the time. */
export function newId(prefix: IdPrefix): string {
  const time = Buffer.alloc(4);
  time.writeUInt32BE(Math.floor(Date.now() / 1000));
  return `${prefix}-${base32Hex(Buffer.concat([time, randomBytes(8)]))}`;
}

/** A secret of letters and digits only, as Render's passwords are, so that it never needs quoting in a URL. */
export function newSecret(length: number): string {
  return Array.from({ length }, () => LETTERS_AND_DIGITS[randomInt(LETTERS_AND_DIGITS.length)]).join("");
}

function base32Hex(bytes: Buffer): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const quintets = bits.match(/.{1,5}/g) ?? [];
  return quintets.map((quintet) => BASE32_HEX[Number.parseInt(quintet.padEnd(5, "0"), 2)]).join("");
}
