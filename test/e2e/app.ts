import { readFileSync } from "node:fs";
import { z } from "zod";
import { defineEnvironment } from "../../environments/define.ts";
import { createApp } from "../../stacks/create-app.ts";

// The app of an end-to-end test: the one environment that the test wrote to a file.
const file = z.string().parse(process.env.E2E_ENVIRONMENT);
createApp([defineEnvironment(JSON.parse(readFileSync(file, "utf8")))]).synth();
