import { z } from "zod";
import { defineEnvironment } from "../../environments/define.ts";
import { createApp } from "../../stacks/create-app.ts";

// The CDKTF app of a drill: the environment that the drill describes, as a file of `environments/` would.
createApp([defineEnvironment(JSON.parse(z.string().parse(process.env.DRILL_ENVIRONMENT)))]).synth();
