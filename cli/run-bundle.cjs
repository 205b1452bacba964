// Runs a bundle with what V8 compiled of it the last time: that saves a third to a half of the start. Plain JavaScript, because
// the launchers need it before anything is compiled.
const { readFileSync, renameSync, statSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");
const { Script } = require("node:vm");

/** When a file was last changed, in milliseconds since 1970; 0 when there is none. */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

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

module.exports = { modified, runBundle };
