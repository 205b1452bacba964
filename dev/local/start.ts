import { join, relative } from "node:path";
import type { Readable } from "node:stream";
import pc from "picocolors";
import yoctoSpinner from "yocto-spinner";
import { type LocalRenderOptions, startLocalRender } from "../emulator/emulator.ts";
import { startProvider } from "../terraform-provider/server.ts";
import { exportsOf, writeExports } from "./exports.ts";

export interface StartOptions extends LocalRenderOptions {
  /** Whose Terraform provider: the one that is part of this project, or Render's own from a registry. */
  readonly provider: "local" | "registry";
  /** Stop when this ends, as it does when whoever started the program is gone. */
  readonly until?: Readable;
}

/** Not shown: a secret, and something long that says nothing to people. Both are in the file. */
const IN_FILE_ONLY = ["RENDER_API_KEY", "TF_REATTACH_PROVIDERS"];

/** Runs a local Render until the signal. */
export async function start(signal: AbortSignal, options: StartOptions): Promise<void> {
  const stopAsked = untilAskedToStop(signal, options.until);
  const spinner = process.stderr.isTTY ? yoctoSpinner({ text: "Starting", stream: process.stderr }).start() : undefined;
  const log = (line: string) => {
    if (spinner?.isSpinning) spinner.text = line;
    else console.error(line);
  };
  try {
    const render = await startLocalRender({ ...options, log });
    try {
      const { apiKey, ownerId, host } = render;
      const socketDirectory = join(render.socketDirectory, "provider");
      const provider =
        options.provider === "local" ? await startProvider({ apiKey, ownerId, host, socketDirectory }) : undefined;
      const variables = exportsOf(render, provider?.reattach);
      const file = writeExports(render.directory, variables);
      spinner?.stop();
      console.log(instructions(render.host, relative(process.cwd(), file) || file, variables));
      await stopAsked;
      console.error("Stopping");
      await provider?.stop();
    } finally {
      await render.stop();
    }
  } catch (error) {
    spinner?.stop();
    throw error;
  }
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
    "Stop it with Ctrl-C. What was made stays for the next start.",
  ].join("\n");
}

function untilAskedToStop(signal: AbortSignal, until: Readable | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve());
    until?.resume().once("close", resolve);
  });
}
