// Terraform's commands name this path. Starts the checks: the one file that `npm run build:checks` makes, when it is there and no
// source is newer, and the sources otherwise.
const { join } = require("node:path");
const { isCurrent, readTypeScript, runBundle } = require("../cli/run-bundle.cjs");

const BUNDLE = join(__dirname, "../dist/checks.cjs");
const SOURCES = ["checks", "cli", "environments", "redis", "render", "runtime", "steps", "vantage"];

if (isCurrent(BUNDLE, SOURCES)) runBundle(BUNDLE);
else void readTypeScript().then(() => import("../cli/verify.ts"));
