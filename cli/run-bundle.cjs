// What the launchers share. Plain JavaScript, because Node runs it before anything is compiled.
const { readdirSync, readFileSync, renameSync, statSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const ROOT = join(__dirname, "..");

/** When a file was last changed, in milliseconds since 1970; 0 when there is none. */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Whether a bundle is there and no file in these folders is newer. A lock file that changed means other dependencies. */
function isCurrent(bundle, folders) {
  const built = modified(bundle);
  if (built === 0) return false;
  const files = folders.flatMap((folder) => {
    return readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, String(name)));
  });
  return ["package-lock.json", ...files].every((file) => modified(join(ROOT, file)) <= built);
}

/** Lets `import` read TypeScript, until the function that it answers with is called. */
async function readTypeScript() {
  // Imported: what tsx gives to `require` looks for its own files in the wrong folder.
  const { register } = await import("tsx/esm/api");
  return register();
}

/** Runs a bundle with what V8 compiled of it the last time, which saves a third to a half of the start. */
function runBundle(file) {
  // Another version of Node makes its own.
  const cache = `${file}.${process.version}-${process.arch}.cache`;
  const cachedData = modified(cache) >= modified(file) ? readFileSync(cache) : undefined;
  const source = `(function (exports, require, module, __dirname) {${readFileSync(file, "utf8")}\n})`;
  const script = new Script(source, { filename: file, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) process.once("exit", () => keep(script, cache));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, dirname(file));
}

/** At its end a run has compiled what runs need. Several may end at once, so the file appears in one piece. */
function keep(script, cache) {
  try {
    const part = `${cache}.${process.pid}`;
    writeFileSync(part, script.createCachedData());
    renameSync(part, cache);
  } catch {
    // A directory that cannot be written costs time, nothing else.
  }
}

module.exports = { isCurrent, readTypeScript, runBundle };
