import { join, relative } from "node:path";
import type { Readable } from "node:stream";
import pc from "picocolors";
import yoctoSpinner from "yocto-spinner";
import { writePrivateFile } from "../../runtime/private-file.ts";
import { Rehearsal, type RehearsalOptions } from "../rehearsal.ts";

export interface StartOptions extends RehearsalOptions {
  /** Stop when this ends, as it does when whoever started the program is gone. */
  readonly until?: Readable;
}

/** A secret: it is in the file only. */
const IN_FILE_ONLY = ["RENDER_API_KEY"];

/** Runs a local Render until the signal. */
export async function start(signal: AbortSignal, options: StartOptions): Promise<void> {
  const stopAsked = untilAskedToStop(signal, options.until);
  const spinner = process.stderr.isTTY ? yoctoSpinner({ text: "Starting", stream: process.stderr }).start() : undefined;
  const log = (line: string) => {
    if (spinner?.isSpinning) spinner.text = line;
    else console.error(line);
  };
  try {
    const rehearsal = await Rehearsal.start({ ...options, log });
    try {
      const { render, exports: variables } = rehearsal;
      const file = join(render.directory, "exports.sh");
      writePrivateFile(file, formatExports(variables));
      spinner?.stop();
      console.log(instructions(render.host, relative(process.cwd(), file) || file, variables));
      await stopAsked;
      console.error("Stopping");
    } finally {
      await rehearsal.stop();
    }
  } finally {
    spinner?.stop();
  }
}

/** What an earlier `source` may have left behind: with it Terraform would take its providers from where they no longer are. */
const UNSET = "unset TF_REATTACH_PROVIDERS TF_CLI_CONFIG_FILE\n";

/** A file to `source`. It holds the API key. */
export function formatExports(variables: Readonly<Record<string, string>>): string {
  const quoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  return [UNSET, ...lines].join("");
}

function instructions(host: string, file: string, variables: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(variables).map((name) => name.length));
  const lines = Object.entries(variables).map(([name, value]) => {
    return `  ${name.padEnd(width)}  ${IN_FILE_ONLY.includes(name) ? pc.dim("(in the file)") : value}`;
  });
  return [
    `${pc.green("✔")} Render runs on this machine: ${host}`,
    "",
    `In another terminal: ${pc.bold(`source ${file}`)}`,
    "",
    ...lines,
    "",
    "Stop it with Ctrl-C. Instances and data are kept for the next start.",
  ].join("\n");
}

function untilAskedToStop(signal: AbortSignal, until: Readable | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve());
    until?.resume().once("close", resolve);
  });
}
