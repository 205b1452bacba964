import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { probeScript } from "../../checks/observation/probe-script.ts";
import { buildWorker } from "../../checks/queue/build-worker.ts";
import { onlyEnglish } from "./only-english.ts";

const SHARED = {
  absWorkingDir: fileURLToPath(new URL("../../", import.meta.url)),
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
  await build({
    ...SHARED,
    entryPoints: ["cli/verify.ts"],
    outfile,
    inject: ["cli/bundle/fetch-over-http.ts"],
    plugins: [packedWorker, builtProbe, onlyEnglish],
  });
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
