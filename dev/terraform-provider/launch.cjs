#!/usr/bin/env node
// What Terraform starts as a provider, below another name. The provider itself runs in the process that made the directory:
// it is told the variables that Terraform runs with, says where it listens, and ends when this process does.
const { realpathSync } = require("node:fs");
const { connect } = require("node:net");
const { basename, join } = require("node:path");

const VARIABLES = ["RENDER_API_KEY", "RENDER_OWNER_ID", "RENDER_HOST"];

const file = realpathSync(__filename);
const variables = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
// <sockets>/plugins/<registry>/<namespace>/<name>/<version>/<platform>/<file>
const server = connect(join(file, "../../../../../../..", "start"));
server.on("error", () => {
  console.error("The process that this provider belongs to does not run. Start it with: npm run local");
});
server.write(`${JSON.stringify({ file: basename(file), variables })}\n`);
server.pipe(process.stdout);
