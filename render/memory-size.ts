import { InvalidValue } from "../runtime/errors.ts";

const BYTES_PER_UNIT = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

/** An amount of memory as people write it, for example `"256 MB"` or `"1 GB"`. */
export type MemorySize = `${number} ${keyof typeof BYTES_PER_UNIT}` | `${number}${keyof typeof BYTES_PER_UNIT}`;

/**
 * Bytes of a memory size. Units are binary, as Render's are: its 256 MB plan reports a limit of 268,435,456 bytes.
 *
 * @throws InvalidValue when the text is not a positive number followed by KB, MB or GB (KiB, MiB and GiB also read).
 */
export function parseMemorySize(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMG])i?B\s*$/i.exec(text);
  const bytes = match ? Number(match[1]) * BYTES_PER_UNIT[unitOf(match[2] ?? "")] : 0;
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new InvalidValue('must be a size such as "256 MB" or "1 GB"', text);
  }
  return bytes;
}

/** A size in the largest unit that keeps it readable: 1,073,741,824 is `1 GB`, 26,214,400 is `25 MB`. */
export function formatMemorySize(bytes: number): string {
  const unit = bytes >= BYTES_PER_UNIT.GB ? "GB" : bytes >= BYTES_PER_UNIT.MB ? "MB" : "KB";
  return `${Number((bytes / BYTES_PER_UNIT[unit]).toFixed(2))} ${unit}`;
}

function unitOf(letter: string): keyof typeof BYTES_PER_UNIT {
  return letter.toUpperCase() === "G" ? "GB" : letter.toUpperCase() === "M" ? "MB" : "KB";
}
