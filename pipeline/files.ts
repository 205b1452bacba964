import { readdirSync, readFileSync } from "node:fs";

/** The names of a directory's files that have such a name; none where there is no directory to read. */
export function namesIn(directory: string, names: RegExp): string[] {
  try {
    return readdirSync(directory).filter((name) => names.test(name));
  } catch {
    return [];
  }
}

/** A file's text; empty where there is none to read. */
export function textIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
