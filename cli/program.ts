import { setMaxListeners } from "node:events";
import type { Command } from "commander";
import { RenderApiError } from "../render/api/error.ts";
import { Deadline } from "../runtime/deadline.ts";
import { EXIT_CODES, InvalidValue, type Outcome, Stop } from "../runtime/errors.ts";
import { lookUpNamesApart } from "../runtime/name-lookup.ts";
import { Secrets } from "../runtime/secrets.ts";
import { harmless } from "../runtime/text.ts";

/** Of the second that a program may take beyond its deadline: what the command gets to end, and what a slow reader gets. */
const GRACE_MS = 600;
const READER_MS = 250;

/** What the shell gives to the commands, and nobody may see. */
const SECRET_VARIABLES = ["RENDER_API_KEY", "TF_VAR_state_passphrase", "TF_HTTP_PASSWORD", "PG_CONN_STR"];

/** How a command ended; a number where it has codes of its own. */
export type Ending = Outcome | number;

export interface ProgramOptions {
  /** What is said to have crashed. */
  readonly name: string;
  /**
   * After an interruption: it ends within a second, unless there is work to {@link Program.finish}; it ends when it has
   * cleaned up; or then, and at once when it is interrupted again. Default: soon.
   */
  readonly ends?: "soon" | "when done" | "when done or asked twice";
  /** What is said when it was interrupted. */
  readonly stopped?: string;
  /** The exit code of a wrong command line. Default 2. */
  readonly misused?: number;
}

/** What a file of `cli/` says of its command. `bin.ts` runs it. */
export interface CommandProgram extends ProgramOptions {
  /** Its arguments and options, as a shell completes them. */
  readonly command?: Command;
  run(program: Program): Promise<Ending | undefined>;
}

/** What a command runs in. */
export interface Program {
  /** Fires when it was interrupted, or when its deadline has passed. */
  readonly signal: AbortSignal;
  /** Masked in what the program itself prints. */
  readonly secrets: Secrets;
  /** Sets the deadline of the whole command. The process is gone within a second of it. */
  limit(seconds: number): Deadline;
  /**
   * Writes bytes to standard output as they are, past what masks secrets in texts: a file that is passed on. Fulfilled once they
   * have left.
   */
  bytes(chunk: Uint8Array): Promise<void>;
  /** Calls the listener at every interruption, not only at the first, and at the deadline: with the reason. */
  onInterruption(listener: (reason: string) => void): void;
  /** Lets an interruption, and the deadline, wait for the end of this work. Not the next interruption. */
  finish(work: Promise<unknown>): void;
  /**
   * Calls the function once, however the command ends, to write what there is and to say how it ended. It must not
   * wait: time may be up.
   */
  atEnd(finish: (crashed: boolean) => Ending): void;
}

/** What runs a program: Node's process, or what a test has in its place. */
export interface Host {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly stdout: Stream;
  readonly stderr: Stream;
  on(event: NodeJS.Signals | "uncaughtException" | "unhandledRejection", listener: (reason: unknown) => void): unknown;
  exit(code: number): void;
}

interface Stream {
  readonly isTTY?: boolean;
  write(text: string | Uint8Array, ...rest: readonly unknown[]): unknown;
  on(event: "error", listener: () => void): unknown;
}

/** Starts a command, and ends the process with the one exit code that follows from how the command ended. */
export function runProgram(
  command: (program: Program) => Promise<Ending | undefined>,
  options: ProgramOptions,
  host: Host = process,
): void {
  const { name, ends = "soon", stopped = "Stopped.", misused = EXIT_CODES.misused } = options;
  const controller = new AbortController();
  // One for each of many environments is no leak.
  setMaxListeners(0, controller.signal);
  const secrets = new Secrets();
  for (const name of SECRET_VARIABLES) secrets.add(host.env[name]);
  const { write } = host.stdout;
  for (const stream of [host.stdout, host.stderr]) guard(stream, secrets);
  if (host === process) lookUpNamesApart();
  const listeners: ((reason: string) => void)[] = [];
  const unfinished = new Set<Promise<unknown>>();
  let deadline: Deadline | undefined;
  let interruptions = 0;
  let finish: ((crashed: boolean) => Ending) | undefined;
  let isOver = false;

  const codeOf = (ending: Ending) => {
    if (typeof ending === "number") return ending;
    return ending === "misused" ? misused : EXIT_CODES[ending];
  };
  const end = (ending: Ending, { text = "", crashed = false, patience = Number.POSITIVE_INFINITY } = {}) => {
    if (isOver) return;
    isOver = true;
    if (text !== "") host.stderr.write(`${text}\n`);
    let code = codeOf(ending);
    try {
      code = (finish === undefined ? 0 : codeOf(finish(crashed))) || code;
    } catch (error) {
      host.stderr.write(`${describeCrash(name, error)}\n`);
      code ||= EXIT_CODES.failed;
    }
    // A connection that is kept open for a next call, or a name that is still looked up, must not keep the process.
    const exit = () => host.exit(code);
    const bound = deadline === undefined ? patience : Math.min(patience, deadline.remainingMs + READER_MS);
    if (Number.isFinite(bound)) setTimeout(exit, bound);
    host.stdout.write("", () => host.stderr.write("", exit));
  };
  const fail = (error: unknown) => {
    const known = explain(error);
    if (interruptions > 0) end("failed", { text: stopped });
    else if (known !== undefined) end(known.outcome, { text: known.text });
    else if (deadline?.signal.aborted) end("failed", { text: late(deadline) });
    else end("failed", { text: describeCrash(name, error), crashed: true });
  };
  const stopNow = (text: string) => setTimeout(() => end("failed", { text, patience: READER_MS }), GRACE_MS);
  const stopSoon = (text: string) => void Promise.allSettled(unfinished).then(() => stopNow(text));
  const tell = (reason: string) => {
    for (const listener of listeners) listener(reason);
  };
  const interrupt = (reason: string) => {
    interruptions += 1;
    tell(reason);
    if (interruptions > 1 || deadline?.signal.aborted) {
      if (ends === "when done or asked twice") end("failed", { patience: READER_MS });
      if (ends === "soon") stopNow(stopped);
      return;
    }
    controller.abort(reason);
    deadline?.stop(reason);
    if (ends === "soon") stopSoon(stopped);
  };

  host.on("SIGINT", () => interrupt("interrupted"));
  for (const signal of ["SIGTERM", "SIGHUP"] as const) host.on(signal, () => interrupt("terminated"));
  // The reader of the output has gone, as `| head` does. There may be things to clean up.
  host.stdout.on("error", () => interrupt("nobody reads its output"));
  host.stderr.on("error", () => {});
  host.on("uncaughtException", fail);
  host.on("unhandledRejection", fail);

  const program: Program = {
    signal: controller.signal,
    secrets,
    limit(seconds) {
      const limit = new Deadline(seconds);
      deadline = limit;
      if (controller.signal.aborted) limit.stop(String(controller.signal.reason));
      limit.signal.addEventListener("abort", () => {
        if (controller.signal.aborted) return;
        controller.abort(limit.reason);
        tell(limit.reason);
        stopSoon(late(limit));
      });
      return limit;
    },
    bytes: (chunk) =>
      new Promise((resolve, reject) => {
        const left = (error?: Error | null) => (error ? reject(error) : resolve());
        Reflect.apply(write, host.stdout, [chunk, left]);
      }),
    onInterruption: (listener) => void listeners.push(listener),
    finish(work) {
      unfinished.add(work);
      const done = () => void unfinished.delete(work);
      work.then(done, done);
    },
    atEnd(last) {
      finish = last;
    },
  };
  command(program).then((ending) => end(ending ?? "good"), fail);
}

/** All that is printed goes through here: what libraries print, too, and Node itself when `NODE_DEBUG` asks for it. */
function guard(stream: Stream, secrets: Secrets): void {
  const { write } = stream;
  stream.write = (text, ...rest) => {
    const masked = secrets.mask(typeof text === "string" ? text : Buffer.from(text).toString());
    return Reflect.apply(write, stream, [harmless(masked, stream.isTTY), ...rest]);
  };
}

function late({ reason }: Deadline): string {
  return `Stopped: ${reason}.`;
}

/** What people can act on; nothing for a defect. */
function explain(error: unknown): { readonly outcome: Outcome; readonly text: string } | undefined {
  if (error instanceof Stop) return { outcome: error.outcome, text: error.message };
  if (error instanceof InvalidValue) return { outcome: "misused", text: error.message };
  if (isRefusedBySystem(error)) return { outcome: "failed", text: `${error.message}.` };
  if (!(error instanceof RenderApiError)) return undefined;
  if (error.status !== undefined) return { outcome: "failed", text: error.message };
  return { outcome: "unknown", text: error.message };
}

/** Whether the system refuses a file: the disk is full, or it may not be written. Its message names the file. */
function isRefusedBySystem(error: unknown): error is Error {
  if (!(error instanceof Error && "syscall" in error && "code" in error)) return false;
  return ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EMFILE"].includes(String(error.code));
}

/** Names an unexpected error and where it arose. Never its message: a library may quote a secret in it. */
function describeCrash(program: string, error: unknown): string {
  const kind = error instanceof Error ? error.name : typeof error;
  const frames = error instanceof Error ? framesOf(error) : [];
  return [`${program} crashed (${kind}). This is a mistake in the program.`, ...frames.slice(0, 5)].join("\n");
}

function framesOf({ message, stack = "" }: Error): string[] {
  // The message stands first, and may have lines that look like frames.
  const rest = stack.slice(stack.indexOf(message) + message.length);
  return rest.split("\n").filter((line) => /^\s+at /.test(line));
}
