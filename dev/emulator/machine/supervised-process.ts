import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Milliseconds that a process gets between SIGTERM and SIGKILL. Render gives 30 s; nobody here waits that long. */
const GRACE_MS = 8_000;

export interface SupervisedProcessOptions {
  readonly command: string;
  /** Must hold no secret: every user of the machine can read it. */
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Given to the process on its standard input, which then ends. */
  readonly input?: string;
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process and whatever it starts itself, as one group. */
export class SupervisedProcess {
  /** `undefined` when the command could not be started. */
  readonly pid: number | undefined;
  /** Fulfilled once the process has ended and all its output was read. Never rejected. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #ended = false;

  constructor(options: SupervisedProcessOptions) {
    this.#child = spawn(options.command, options.args, {
      env: options.env,
      cwd: options.cwd,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.pid = this.#child.pid;
    for (const stream of ["stdout", "stderr"] as const) {
      const output = this.#child[stream];
      if (output) createInterface({ input: output }).on("line", (line) => options.onLine(line, stream));
    }
    this.#child.stdin?.on("error", () => {});
    this.#child.stdin?.end(options.input);
    this.exited = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        options.onLine(`could not start ${options.command}: ${error.message}`, "stderr");
        this.#ended = true;
        resolve({ code: 127, signal: null });
      });
      this.#child.once("exit", () => {
        this.#ended = true;
        // What it started and left behind would otherwise hold its output open, and outlive it.
        this.signal("SIGKILL");
      });
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  get running(): boolean {
    return !this.#ended;
  }

  /** Sends a signal to the whole group. */
  signal(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // The group is empty.
    }
  }

  /** Asks the process to end, insists after a while, and waits until it has. */
  async stop(graceMs = GRACE_MS): Promise<Exit> {
    this.signal("SIGTERM");
    // A stopped process receives no SIGTERM until it continues.
    this.signal("SIGCONT");
    const insist = setTimeout(() => this.signal("SIGKILL"), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(insist);
    }
  }
}
