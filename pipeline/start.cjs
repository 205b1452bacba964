// Starts a command of the pipeline, `plan` or `apply`, as one file in dist/, which it makes first when a source is newer:
// loading a hundred small files takes longer than Terraform takes to plan. Plain JavaScript, because Node must run it
// before anything is compiled.
const { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const ROOT = join(__dirname, "..");
const DIST = join(ROOT, "dist");
/** What a bundle is made of. A lock file that changed means other dependencies. */
const SOURCES = ["pipeline", "checks", "render", "package-lock.json"];

async function start(command) {
  if (command !== "plan" && command !== "apply") throw new Error(`There is no command ${command}: plan or apply.`);
  const bundle = join(DIST, `${command}.cjs`);
  if (newest(SOURCES.map((source) => join(ROOT, source))) >= modified(bundle)) await build(command, bundle);
  run(bundle);
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newest(paths) {
  const times = paths.map((path) => {
    if (!statSync(path).isDirectory()) return modified(path);
    return newest(readdirSync(path).map((name) => join(path, name)));
  });
  return Math.max(0, ...times);
}

async function build(command, bundle) {
  const { build: bundleUp } = require("esbuild");
  const { outputFiles } = await bundleUp({
    absWorkingDir: ROOT,
    entryPoints: [`pipeline/${command}.ts`],
    write: false,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // dist/ is as deep in the repository as the sources' own folders.
    define: { "import.meta.dirname": "__dirname" },
    plugins: [onlyEnglish],
    logLevel: "error",
  });
  mkdirSync(DIST, { recursive: true });
  replace(bundle, outputFiles[0].contents);
}

/** Of the fifty languages of zod's messages this project speaks one; the rest would be half of the file. */
const onlyEnglish = {
  name: "only-english",
  setup({ onLoad }) {
    const contents = 'export { default as en } from "./en.js";';
    onLoad({ filter: /zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({ contents, loader: "js" }));
  },
};

/** With what V8 compiled the last time: that halves the time to load. Another version of Node makes its own. */
function run(bundle) {
  const cache = `${bundle}.${process.version}-${process.arch}.cache`;
  const isFresh = modified(cache) >= modified(bundle) && existsSync(cache);
  const source = `(function (exports, require, module, __dirname) {${readFileSync(bundle, "utf8")}\n})`;
  const script = new Script(source, { filename: bundle, ...(isFresh ? { cachedData: readFileSync(cache) } : {}) });
  if (!isFresh || script.cachedDataRejected) process.once("exit", () => replace(cache, script.createCachedData()));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, DIST);
}

/** Several may write at once, so the file appears in one piece. One that cannot be written costs time, nothing else. */
function replace(file, contents) {
  const part = `${file}.${process.pid}`;
  writeFileSync(part, contents);
  renameSync(part, file);
}

const [command] = process.argv.splice(2, 1);
void start(command);
