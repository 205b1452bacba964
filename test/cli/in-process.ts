import { EventEmitter } from "node:events";
import { join } from "node:path";
import { vi } from "vitest";
import type { Host, runProgram } from "../../cli/program.ts";

/** What a program ends with. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let streams = { stdout: "", stderr: "" };
let host = new EventEmitter() as EventEmitter & Host;
let runs = 0;

// What a program starts itself with ends in the test, not in the process.
vi.doMock("../../cli/program.ts", async (original) => {
  const actual = await original<{ runProgram: typeof runProgram }>();
  const run: typeof runProgram = (command, options) => actual.runProgram(command, options, host);
  return { ...actual, runProgram: run };
});
vi.doMock("node:fs", async (original) => {
  const actual = await original<typeof import("node:fs")>();
  const writeSync = (_stdout: number, data: Buffer) => {
    streams.stdout += data;
    return data.length;
  };
  return { ...actual, writeSync };
});

/** Runs a program of cli/ in this process, with everything but the process as it is. The host takes signals. */
export async function run(program: string, args: readonly string[], began: (host: EventEmitter) => void = () => {}) {
  streams = { stdout: "", stderr: "" };
  const write = (name: keyof typeof streams) => (text: unknown, done?: unknown) => {
    streams[name] += text;
    if (typeof done === "function") done();
    return true;
  };
  const line = (name: keyof typeof streams) => (text: unknown) => void write(name)(`${text}\n`);
  const spies = [
    vi.spyOn(console, "log").mockImplementation(line("stdout")),
    vi.spyOn(console, "error").mockImplementation(line("stderr")),
    vi.spyOn(process.stdout, "write").mockImplementation(write("stdout")),
    vi.spyOn(process.stderr, "write").mockImplementation(write("stderr")),
  ];
  const { argv } = process;
  process.argv = ["node", program, ...args];
  try {
    const code = await new Promise<number>((resolve, reject) => {
      const stream = (name: keyof typeof streams) => Object.assign(new EventEmitter(), { write: write(name) });
      const { env } = process;
      host = Object.assign(new EventEmitter(), {
        ...{ env, exit: resolve, stdout: stream("stdout"), stderr: stream("stderr") },
      });
      runs += 1;
      // Each run reads the program's file again: it reads its arguments.
      const file = `${join(import.meta.dirname, "../../cli", program)}.ts?run=${runs}`;
      const start = async () => {
        const { program: loaded } = await import(file);
        const { runProgram: end } = await import("../../cli/program.ts");
        if (loaded !== undefined) end(loaded.run, loaded);
        began(host);
      };
      start().catch(reject);
    });
    return { code, ...streams } satisfies Ended;
  } finally {
    process.argv = argv;
    for (const spy of spies) spy.mockRestore();
  }
}
