import yoctoSpinner from "yocto-spinner";
import { excerpt } from "./probe.ts";

/** What a step that takes a while tells the person who waits. */
export interface Progress {
  /** The step printed something. */
  readonly heard: (output: string) => void;
  readonly ended: (well: boolean) => void;
}

/** Shows on stderr that a step is under way: a spinner with its last line at a prompt, plain lines in a log. */
export function showProgress(title: string): Progress {
  const started = performance.now();
  const outcome = (well: boolean) => {
    const seconds = Math.round((performance.now() - started) / 1000);
    return `${well ? "done" : "failed"} after ${seconds} s: ${title}`;
  };
  if (!process.stderr.isTTY) {
    process.stderr.write(`  ${title}\n`);
    return { heard: () => {}, ended: (well) => process.stderr.write(`  ${outcome(well)}\n`) };
  }
  const spinner = yoctoSpinner({ text: title, stream: process.stderr }).start();
  return {
    heard: (output) => {
      const line = excerpt(output.trim().split("\n").at(-1) ?? "");
      if (line !== "") spinner.text = `${title}\n  ${line}`;
    },
    ended: (well) => (well ? spinner.success(outcome(true)) : spinner.error(outcome(false))),
  };
}
