// Terraform's commands name this path. Starts the checks: the one file that `npm run build:checks` makes, when it was made of
// the sources as they are, and the sources otherwise.
const { join } = require("node:path");
const { currentBundle, readTypeScript, runBundle } = require("../cli/bundle/run-bundle.cjs");

const BUNDLE = join(__dirname, "../dist/checks.cjs");

const text = currentBundle("checks", BUNDLE);
if (text !== undefined) runBundle(BUNDLE, text);
else void readTypeScript().then(() => import("../cli/verify.ts"));
