import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { probeScript } from "../../checks/observation/probe-script.ts";
import { buildWorker } from "../../checks/queue/build-worker.ts";
import { digestOfSources, seal } from "./run-bundle.cjs";

const SHARED = {
  absWorkingDir: join(import.meta.dirname, "../.."),
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
} as const satisfies BuildOptions;

/** Makes the checks one file that runs where no `node_modules` is. */
export async function buildChecks(outfile: string): Promise<void> {
  await buildSealed("checks", outfile, {
    entryPoints: ["cli/verify.ts"],
    plugins: [packedWorker, builtProbe, onlyEnglish],
  });
}

/**
 * Makes a command of the pipeline one file, and returns its text. Several may make it at once, so it appears in one piece.
 *
 * @param outfile In a folder as deep in the repository as the sources' own, which find everything from where they are.
 */
export function buildCommand(command: "plan" | "apply", outfile: string): Promise<string> {
  return buildSealed(command, outfile, {
    entryPoints: [`cli/${command}.ts`],
    define: { "import.meta.dirname": "__dirname" },
    plugins: [onlyEnglish],
    logLevel: "silent",
  });
}

async function buildSealed(
  bundle: "checks" | "plan" | "apply",
  outfile: string,
  options: BuildOptions,
): Promise<string> {
  // Before it is built: a source that changes meanwhile makes another digest, and the bundle is built again.
  const sources = digestOfSources(bundle);
  const { outputFiles } = await build({ ...SHARED, ...options, write: false });
  const text = outputFiles[0]?.text ?? "";
  const part = `${outfile}.${process.pid}`;
  await mkdir(dirname(outfile), { recursive: true });
  await writeFile(part, seal(sources, text));
  await rename(part, outfile);
  return text;
}

/**
 * Puts the finished program of the queues' threads where the sources build it, packed: it is most of the code, and as a
 * text Node reads past it instead of parsing it, until one check asks for it.
 */
const packedWorker: Plugin = {
  name: "packed-worker",
  setup({ onLoad }) {
    onLoad({ filter: /checks[/\\]queue[/\\]build-worker\.ts$/ }, async () => {
      const packed = deflateRawSync(await buildWorker()).toString("base64");
      const contents = `
        import { inflateRawSync } from "node:zlib";
        export const buildWorker = () => inflateRawSync(Buffer.from("${packed}", "base64")).toString();`;
      return { contents, loader: "js" };
    });
  },
};

/** Puts the finished probe where the sources build it. */
const builtProbe: Plugin = {
  name: "built-probe",
  setup({ onLoad }) {
    onLoad({ filter: /checks[/\\]observation[/\\]probe-script\.ts$/ }, async () => {
      return { contents: `export const probeScript = () => ${JSON.stringify(await probeScript())};`, loader: "js" };
    });
  },
};

/** Of the fifty languages of zod's messages this project speaks one; the rest would be half of a bundle. */
const onlyEnglish: Plugin = {
  name: "only-english",
  setup({ onLoad }) {
    onLoad({ filter: /zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => {
      return { contents: 'export { default as en } from "./en.js";', loader: "js" };
    });
  },
};
