import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve, sep } from "node:path";

/** The file that a command's name would run, found as a shell finds it; `undefined` when there is none. */
export function findExecutable(name: string): string | undefined {
  if (name.includes(sep)) return isExecutable(resolve(name)) ? resolve(name) : undefined;
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
