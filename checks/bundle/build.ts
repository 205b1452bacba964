import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { buildProbe } from "../vantage/build-probe.ts";

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
    entryPoints: ["checks/main.ts"],
    outfile,
    inject: ["checks/bundle/fetch-over-http.ts"],
    plugins: [packedQueues, builtProbe, onlyEnglish],
  });
}

/**
 * Packs the queue libraries, which are most of the code and needed by one check, as a text: Node then reads past them
 * instead of parsing them, until they are asked for.
 */
const packedQueues: Plugin = {
  name: "packed-queues",
  setup({ onLoad }) {
    onLoad({ filter: /checks[/\\]queue[/\\]try-libraries\.ts$/ }, async ({ path }) => {
      const { outputFiles } = await build({ ...SHARED, entryPoints: [path], write: false });
      const packed = deflateRawSync(outputFiles[0]?.contents ?? "").toString("base64");
      const contents = `
        import { inflateRawSync } from "node:zlib";
        const source = inflateRawSync(Buffer.from("${packed}", "base64")).toString();
        const queues = { exports: {} };
        new Function("module", "exports", "require", source)(queues, queues.exports, require);
        export const tryLibraries = queues.exports.tryLibraries;`;
      return { contents, loader: "js" };
    });
  },
};

/** Puts the finished probe where the sources build it. */
const builtProbe: Plugin = {
  name: "built-probe",
  setup({ onLoad }) {
    onLoad({ filter: /checks[/\\]vantage[/\\]build-probe\.ts$/ }, async () => {
      return { contents: `export const buildProbe = () => ${JSON.stringify(await buildProbe())};`, loader: "js" };
    });
  },
};

/** Of the fifty languages of zod's messages, the checks speak one; the rest would be half of the file. */
const onlyEnglish: Plugin = {
  name: "only-english",
  setup({ onLoad }) {
    onLoad({ filter: /zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => {
      return { contents: 'export { default as en } from "./en.js";', loader: "js" };
    });
  },
};
