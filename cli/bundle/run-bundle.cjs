// What the launchers share. Plain JavaScript, because Node runs it before anything is compiled.
const { createHash } = require("node:crypto");
const { readdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const ROOT = join(__dirname, "../..");

/** The folders that each bundle is made of. */
const PIPELINE = ["pipeline", "cli", "environments", "redis", "render", "runtime", "steps"];
const SOURCES = {
  checks: ["checks", "cli", "environments", "redis", "render", "runtime", "steps", "vantage"],
  plan: PIPELINE,
  apply: PIPELINE,
};

function sha256(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}\n`).update(part);
  return hash.digest("hex");
}

/** What a bundle is made of, by its content: other sources, or a lock file with other dependencies, give another digest. */
function digestOfSources(bundle) {
  const files = SOURCES[bundle].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  );
  return sha256(...[join(ROOT, "package-lock.json"), ...files.sort()].flatMap((file) => [file, readFileSync(file)]));
}

/** A bundle's text with what it is known by in its last line. */
function seal(sources, text) {
  return `${text}\n// ${sha256(sources, Buffer.from(text))}`;
}

/** The text of a bundle that was made of the sources as they are, and was not changed since; otherwise nothing. */
function currentBundle(bundle, file) {
  try {
    const sealed = readFileSync(file, "utf8");
    const text = sealed.slice(0, sealed.lastIndexOf("\n// "));
    return seal(digestOfSources(bundle), text) === sealed ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Lets `import` read TypeScript, until the function that it answers with is called. */
async function readTypeScript() {
  // Imported: what tsx gives to `require` looks for its own files in the wrong folder.
  const { register } = await import("tsx/esm/api");
  return register();
}

/** Runs a bundle with what V8 compiled of it the last time, which saves a third to a half of the start. */
function runBundle(file, text) {
  // Another version of Node makes its own.
  const cache = `${file}.${process.version}-${process.arch}.cache`;
  const source = `(function (exports, require, module, __dirname) {${text}\n})`;
  const cachedData = keptCode(cache, source);
  const script = new Script(source, { filename: file, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) process.once("exit", () => keep(script, cache, source));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, dirname(file));
}

/** V8 compares no more than the length of a source, so what was compiled is kept with the digest of both. */
function keptCode(cache, source) {
  try {
    const kept = readFileSync(cache);
    const code = kept.subarray(64);
    return kept.subarray(0, 64).toString() === sha256(Buffer.from(source), code) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** At its end a run has compiled what runs need. Several may end at once, so the file appears in one piece. */
function keep(script, cache, source) {
  try {
    const code = script.createCachedData();
    const part = `${cache}.${process.pid}`;
    writeFileSync(part, Buffer.concat([Buffer.from(sha256(Buffer.from(source), code)), code]));
    renameSync(part, cache);
  } catch {
    // A directory that cannot be written costs time, nothing else.
  }
}

module.exports = { currentBundle, digestOfSources, readTypeScript, runBundle, seal };
