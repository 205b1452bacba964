// Starts the checks: the one file that `npm run build:checks` makes, when it is there and no source is newer, and the
// sources otherwise. Plain JavaScript, because Node must run it before anything is compiled.
const { readdirSync, readFileSync, renameSync, statSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const ROOT = join(__dirname, "..");
const BUNDLE = join(ROOT, "dist/checks.cjs");
/** V8's compiled code of the last run; it saves a third of the start. Another version of Node makes its own. */
const CACHE = join(ROOT, `dist/checks.${process.version}-${process.arch}.cache`);

/** What the bundle is made of. A lock file that changed means other dependencies. */
const SOURCES = ["checks", "environments", "render"];
const LOCK_FILE = "package-lock.json";

function isCurrent() {
  const built = statSync(BUNDLE, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return false;
  const files = SOURCES.flatMap((folder) => {
    return readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, String(name)));
  });
  return [LOCK_FILE, ...files].every((file) => statSync(join(ROOT, file)).mtimeMs <= built);
}

function startBundle() {
  const built = statSync(BUNDLE).mtimeMs;
  const fresh = (statSync(CACHE, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= built;
  const cachedData = fresh ? readFileSync(CACHE) : undefined;
  const source = `(function (exports, require, module) {${readFileSync(BUNDLE, "utf8")}\n})`;
  const script = new Script(source, { filename: BUNDLE, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) process.once("exit", () => keep(script));
  const bundle = { exports: {} };
  script.runInThisContext()(bundle.exports, require, bundle);
}

/** At its end a run has compiled what runs need. Several may end at once, so the file appears in one piece. */
function keep(script) {
  try {
    const part = `${CACHE}.${process.pid}`;
    writeFileSync(part, script.createCachedData());
    renameSync(part, CACHE);
  } catch {
    // A directory that cannot be written costs time, nothing else.
  }
}

async function startSources() {
  // Imported: what tsx gives to `require` looks for its own files in the wrong folder.
  const { register } = await import("tsx/esm/api");
  register();
  await import("./main.ts");
}

if (isCurrent()) startBundle();
else void startSources();
