import { oneLine } from "./text.ts";

/** Shows what is being waited for. */
export interface Progress {
  update(environment: string, text: string): void;
  /** Nothing more is waited for there. */
  done(environment: string): void;
  /** Makes room for the report. */
  stop(): void;
}

/** A spinner on a terminal; elsewhere, as in Terraform's log, a line whenever something changes. Writes to stderr. */
export async function startProgress(stream: NodeJS.WriteStream): Promise<Progress> {
  return stream.isTTY ? startSpinner(stream) : startLines(stream);
}

async function startSpinner(stream: NodeJS.WriteStream): Promise<Progress> {
  const { default: yoctoSpinner } = await import("yocto-spinner");
  const texts = new Map<string, string>();
  const spinner = yoctoSpinner({ stream }).start();
  return {
    update(environment, text) {
      texts.set(environment, oneLine(text));
      spinner.text = [...texts].map(([name, latest]) => `${name}: ${latest}`).join(" · ");
    },
    done(environment) {
      texts.delete(environment);
    },
    stop: () => spinner.stop(),
  };
}

function startLines(stream: NodeJS.WriteStream): Progress {
  const texts = new Map<string, string>();
  return {
    update(environment, text) {
      if (texts.get(environment) === text) return;
      texts.set(environment, text);
      stream.write(`${environment}: ${oneLine(text)}\n`);
    },
    done() {},
    stop() {},
  };
}
