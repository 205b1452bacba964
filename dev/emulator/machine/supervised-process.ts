import { Child } from "../../../runtime/child-process.ts";

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
  readonly #child: Child | undefined;

  constructor({ command, args, input = "", ...options }: SupervisedProcessOptions) {
    const failed = (reason: string) => {
      options.onLine(`could not start ${command}: ${reason}`, "stderr");
      return { code: 127, signal: null };
    };
    try {
      this.#child = new Child(command, args, { ...options, input, group: true, graceMs: GRACE_MS });
    } catch {
      // Node's own message quotes the value, which may be a secret.
      this.exited = Promise.resolve(failed("a null byte is in the command or in a variable"));
      return;
    }
    this.pid = this.#child.pid;
    this.exited = this.#child.ended.catch((error: unknown) =>
      failed(error instanceof Error ? error.message : "failed"),
    );
  }

  get running(): boolean {
    return this.#child?.running ?? false;
  }

  /** Sends a signal to the whole group. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.signal(signal);
  }

  /** Asks the process to end, insists after a while, and waits until it has. */
  async stop(graceMs = GRACE_MS): Promise<Exit> {
    await this.#child?.stop(graceMs);
    return this.exited;
  }
}
