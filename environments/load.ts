import { SourceMap } from "node:module";
import { basename, join } from "node:path";
import type { Plugin } from "esbuild";
import { Stop } from "../runtime/errors.ts";
import { oneLine } from "../runtime/text.ts";
import type { Environment, EnvironmentInput } from "./define.ts";
import { resolveEnvironment, resolveEnvironments } from "./environments.ts";

/** Where the environments' files are. */
export const ENVIRONMENTS_DIRECTORY = join(import.meta.dirname, "../environments");

/** The environments that the files describe, as they are now. */
export interface Environments {
  readonly names: readonly string[];
  /** See {@link resolveEnvironment}. */
  resolveEnvironment(name: string): Environment;
  /** See {@link resolveEnvironments}. */
  resolveEnvironments(): Environment[];
}

type Read = () => Promise<readonly EnvironmentInput[]>;
let list: ReturnType<Read> | undefined;

/**
 * The environments' files, read when a command is about one of them. All are read: what two of them share is refused.
 *
 * @throws Stop with the mistake, and the file that has it where that is known.
 */
export async function loadEnvironments(read?: Read): Promise<Environments> {
  try {
    list ??= readList();
    const known = await (read?.() ?? list);
    return {
      names: known.map(({ name }) => name),
      resolveEnvironment: (name) => resolveEnvironment(name, known),
      resolveEnvironments: () => resolveEnvironments(known),
    };
  } catch (error) {
    throw error instanceof Stop ? error : new Stop("misused", describe(error));
  }
}

/**
 * They are read as they are, whatever runs: what is built of the program does not have them. esbuild reads TypeScript in a
 * quarter of the time that tsx takes, and alike on every Node.
 */
async function readList(): Promise<readonly EnvironmentInput[]> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(ENVIRONMENTS_DIRECTORY, "list.ts")],
    outfile: "list.js",
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    sourcemap: "external",
    logLevel: "silent",
    plugins: [definesOnly],
  });
  const [map = "", text = ""] = outputFiles.map((file) => file.text);
  try {
    const { ENVIRONMENTS } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    return ENVIRONMENTS;
  } catch (error) {
    if (error instanceof Error) error.stack = mapped(error.stack ?? "", new SourceMap(JSON.parse(map)));
    throw error;
  }
}

/** All that an environment takes from there; the schemas behind it are in what runs already. */
const definesOnly: Plugin = {
  name: "defines-only",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/define\.ts$/ }, ({ path }) => ({ path, namespace: "define" }));
    onLoad({ filter: /./, namespace: "define" }, () => ({ contents: "export const defineEnvironment = (it) => it;" }));
  },
};

/** Names the files' own lines. */
function mapped(stack: string, map: SourceMap): string {
  return stack.replaceAll(/data:text\/javascript,\S+:(\d+):(\d+)/g, (_, line: string, column: string) => {
    const place = map.findEntry(Number(line) - 1, Number(column) - 1);
    return "originalSource" in place
      ? `environments/${basename(place.originalSource)}:${place.originalLine + 1}:${place.originalColumn + 1}`
      : "";
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return "An environment's file throws something that is no error.";
  const [place] = /environments\/[\w.-]+\.ts(:\d+)*/.exec(`${error.message}\n${error.stack}`) ?? [];
  // The transformer's first line only counts the mistakes.
  const message = oneLine(
    error.message.replace(/^(Transform|Build) failed[^\n]*\n/, "").replace(/^\S*\.ts:\d+:\d+: /, ""),
  );
  return `${place ?? "An environment's file"} cannot be read: ${error.name}: ${message}`;
}
