import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makePrivateDirectory, writePrivateFile } from "../../../runtime/private-file.ts";
import { processStart } from "./process-identity.ts";
import { SupervisedProcess, type SupervisedProcessOptions } from "./supervised-process.ts";

const LEFTOVER_DEADLINE_MS = 2_000;
/** A watchdog that ends at once must not be started again in a tight loop. */
const WATCHDOG_PAUSE_MS = 200;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));
const WATCHDOG = fileURLToPath(new URL("./watchdog.sh", import.meta.url));

/**
 * Starts processes such that none outlives the emulator.
 *
 * Three nets: {@link stop} ends them; a watchdog ends them when the emulator dies without a word; and what even
 * the watchdog's death would leave behind is found by its record and ended at the next start.
 */
export class Supervisor {
  readonly #records: string;
  readonly #running = new Set<SupervisedProcess>();
  #watchdog: ChildProcess;
  #stopping = false;

  constructor(directory: string) {
    this.#records = join(directory, "processes");
    makePrivateDirectory(this.#records);
    this.#endLeftovers();
    this.#watchdog = this.#startWatchdog();
  }

  #startWatchdog(): ChildProcess {
    const watchdog = spawn("sh", [WATCHDOG], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    watchdog.unref();
    // Without a watchdog the other two nets still hold.
    watchdog.on("error", () => {});
    watchdog.stdin?.on("error", () => {});
    for (const { pid } of this.#running) watchdog.stdin?.write(`watch ${pid}\n`);
    // One that is killed is replaced.
    watchdog.once("exit", () => {
      if (!this.#stopping) setTimeout(() => this.#replaceWatchdog(), WATCHDOG_PAUSE_MS).unref();
    });
    return watchdog;
  }

  #replaceWatchdog(): void {
    if (!this.#stopping) this.#watchdog = this.#startWatchdog();
  }

  /** Starts a process in a group of its own, so that a key pressed in the terminal does not reach it. */
  start(options: SupervisedProcessOptions): SupervisedProcess {
    const child = new SupervisedProcess(options);
    const { pid } = child;
    if (pid === undefined) return child;
    const record = join(this.#records, String(pid));
    this.#watchdog.stdin?.write(`watch ${pid}\n`);
    writePrivateFile(record, processStart(pid) ?? "");
    this.#running.add(child);
    void child.exited.then(() => {
      this.#running.delete(child);
      this.#watchdog.stdin?.write(`forget ${pid}\n`);
      rmSync(record, { force: true });
    });
    return child;
  }

  /** Ends every process and waits until they are gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#running].map((child) => child.stop()));
    const { exitCode, signalCode, pid } = this.#watchdog;
    if (exitCode !== null || signalCode !== null || pid === undefined) return;
    const gone = once(this.#watchdog, "exit");
    this.#watchdog.ref();
    this.#watchdog.stdin?.end();
    await gone;
  }

  #endLeftovers(): void {
    for (const name of readdirSync(this.#records)) {
      const record = join(this.#records, name);
      const pid = Number(name);
      const start = processStart(pid);
      if (start !== undefined && start === readFileSync(record, "utf8")) endGroup(pid, start);
      rmSync(record, { force: true });
    }
  }
}

function endGroup(pid: number, start: string): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
  // While it ends it may still remove its socket, in whose place there soon is a new one.
  const deadline = Date.now() + LEFTOVER_DEADLINE_MS;
  while (processStart(pid) === start && Date.now() < deadline) Atomics.wait(PAUSE, 0, 0, 10);
}
