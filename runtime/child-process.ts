import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { isMainThread } from "node:worker_threads";
import { sleep } from "./wait.ts";

/** Milliseconds between the request to stop and the end by force. */
const GRACE_MS = 8_000;
/** Milliseconds in which the output of a process that has ended is read, though something else may hold it open. */
const OUTPUT_MS = 1_000;

type Stream = "stdout" | "stderr";

export interface ChildOptions {
  readonly cwd?: string;
  /** The whole environment. Default: this process's own. */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  /** Given on standard input, which then ends. Default: nothing. */
  readonly input?: string;
  /** Is told each line instead of collecting them. */
  readonly onLine?: (line: string, stream: Stream) => void;
  /**
   * Starts it in a process group of its own: Ctrl-C reaches it only through {@link Child.signal}, and what it leaves
   * behind is ended when it ends.
   */
  readonly group?: boolean;
  /** Stops it, as {@link Child.stop} does. */
  readonly signal?: AbortSignal;
  /** Milliseconds between SIGTERM and SIGKILL. Default 8,000. */
  readonly graceMs?: number;
}

/** How a process ended: its exit code, or the signal that ended it. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Empty unless the output was collected. */
  readonly stdout: string;
  readonly stderr: string;
}

/** What runs. However this process ends, they end with it, unless it is killed. */
const running = new Set<Child>();
process.on("exit", () => {
  for (const child of running) child.signal("SIGKILL");
});

/** A running process. */
export class Child {
  /** `undefined` when it could not be started. */
  readonly pid: number | undefined;
  /** Fulfilled once it has ended and its output was read. Rejected with the system's error when it could not be started. */
  readonly ended: Promise<ChildEnd>;
  readonly #process: ChildProcess;
  readonly #options: ChildOptions;
  #running = true;

  /** @param args Must hold no secret: every user of the machine can read them. */
  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    this.#options = options;
    // What it writes may hold secrets. A thread has no umask of its own.
    const umask = isMainThread ? process.umask(0o077) : undefined;
    this.#process = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      detached: options.group === true,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    if (umask !== undefined) process.umask(umask);
    this.pid = this.#process.pid;
    running.add(this);
    // One that ends without reading is no error of ours.
    this.#process.stdin?.on("error", () => {});
    this.#process.stdin?.end(options.input);
    const collected = { stdout: this.#read("stdout"), stderr: this.#read("stderr") };
    const stop = () => void this.stop();
    this.ended = new Promise<ChildEnd>((resolve, reject) => {
      this.#process.once("error", reject);
      this.#process.once("exit", () => this.#exited());
      this.#process.once("close", (code, signal) => {
        resolve({ code, signal, stdout: text(collected.stdout), stderr: text(collected.stderr) });
      });
    }).finally(() => {
      this.#running = false;
      running.delete(this);
      options.signal?.removeEventListener("abort", stop);
    });
    // Its end may be looked at later, or never.
    this.ended.catch(() => {});
    if (options.signal?.aborted) stop();
    options.signal?.addEventListener("abort", stop, { once: true });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Sends a signal to it, or to its whole group. */
  signal(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      if (this.#options.group) process.kill(-this.pid, signal);
      else if (this.#running) this.#process.kill(signal);
    } catch {
      // It has ended.
    }
  }

  /** Asks it to end, insists after the grace, and waits until it has. Never rejected. */
  async stop(graceMs = this.#options.graceMs ?? GRACE_MS): Promise<void> {
    this.signal("SIGTERM");
    // A suspended process receives no SIGTERM until it continues.
    this.signal("SIGCONT");
    const ended = new AbortController();
    const end = this.ended.catch(() => {}).finally(() => ended.abort());
    if (await sleep(graceMs, ended.signal)) this.signal("SIGKILL");
    await end;
  }

  #read(name: Stream): Buffer[] {
    const chunks: Buffer[] = [];
    const stream = this.#process[name];
    const { onLine } = this.#options;
    if (stream === null) return chunks;
    if (onLine === undefined) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    else createInterface({ input: stream }).on("line", (line) => onLine(line, name));
    return chunks;
  }

  #exited(): void {
    this.#running = false;
    if (this.#options.group) this.signal("SIGKILL");
    const { stdout, stderr } = this.#process;
    const late = setTimeout(() => {
      stdout?.destroy();
      stderr?.destroy();
    }, OUTPUT_MS);
    this.#process.once("close", () => clearTimeout(late));
  }
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString();
}

/** Runs a process to its end. @throws the system's error when it cannot be started. */
export function runChild(command: string, args: readonly string[], options: ChildOptions = {}): Promise<ChildEnd> {
  return new Child(command, args, options).ended;
}
