import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildChecks } from "./build.ts";

const BUNDLE = fileURLToPath(new URL("../../dist/checks.cjs", import.meta.url));

await buildChecks(BUNDLE);
console.log(`dist/checks.cjs, ${Math.round(statSync(BUNDLE).size / 1024)} KB`);
