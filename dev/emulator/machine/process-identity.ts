import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When a running process started, in whatever unit the system tells; `undefined` when there is no such process.
 *
 * A process id alone does not identify a process, because ids are used again. The pair of both does.
 */
export function processStart(pid: number): string | undefined {
  try {
    // The name, in parentheses, may hold anything; the fields after it are plain. The 20th of them is the start.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : fields[18];
  } catch {
    return process.platform === "linux" ? undefined : startByPs(pid);
  }
}

function startByPs(pid: number): string | undefined {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}
