// Starts the checks: the one file that `npm run build:checks` makes, when it is there and no source is newer, and the
// sources otherwise. Plain JavaScript, because Node must run it before anything is compiled.
const { readdirSync } = require("node:fs");
const { join } = require("node:path");
const { modified, runBundle } = require("../cli/run-bundle.cjs");

const ROOT = join(__dirname, "..");
const BUNDLE = join(ROOT, "dist/checks.cjs");

/** What the bundle is made of. A lock file that changed means other dependencies. */
const SOURCES = ["checks", "cli", "environments", "redis", "render", "runtime", "vantage"];
const LOCK_FILE = "package-lock.json";

function isCurrent() {
  const built = modified(BUNDLE);
  if (built === 0) return false;
  const files = SOURCES.flatMap((folder) => {
    return readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, String(name)));
  });
  return [LOCK_FILE, ...files].every((file) => modified(join(ROOT, file)) <= built);
}

async function startSources() {
  // Imported: what tsx gives to `require` looks for its own files in the wrong folder.
  const { register } = await import("tsx/esm/api");
  register();
  await import("../cli/verify.ts");
}

if (isCurrent()) runBundle(BUNDLE);
else void startSources();
