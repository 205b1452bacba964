#!/usr/bin/env node
// GitHub's command line, as far as the workflows use it. Its world is a directory: comments, runs, issues.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const world = process.env.GH_WORLD;
const [group, verb, ...args] = process.argv.slice(2);
const option = (name) => args[args.indexOf(name) + 1];

function read(name, fallback) {
  const file = join(world, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : fallback;
}

function write(name, value) {
  writeFileSync(join(world, `${name}.json`), JSON.stringify(value));
}

if (!process.env.GH_TOKEN) throw new Error("gh needs GH_TOKEN");

if (group === "api") {
  const all = [verb, ...args];
  const path = all.find((arg) => arg.startsWith("repos/"));
  const field = all[all.indexOf("--field") + 1] ?? "";
  const body = field.startsWith("body=@") ? readFileSync(field.slice(6), "utf8") : "";
  const comments = read("comments", []);
  if (path.endsWith("/pulls")) console.log(read("pull", { head: "" }).head);
  else if (all.includes("POST")) write("comments", [...comments, { id: comments.length + 1, body }]);
  else if (all.includes("PATCH"))
    write(
      "comments",
      comments.map((comment) => (path.endsWith(`/${comment.id}`) ? { ...comment, body } : comment)),
    );
  else {
    const [, marker] = /startswith\("([^"]+)"\)/.exec(option("--jq"));
    for (const { id, body: text } of comments) if (text.startsWith(marker)) console.log(id);
  }
} else if (group === "run" && verb === "list") {
  console.log(read("pull", { run: "" }).run);
} else if (group === "run" && verb === "download") {
  mkdirSync(option("--dir"), { recursive: true });
  cpSync(join(world, "reviewed.json"), join(option("--dir"), "review.json"));
} else if (group === "issue" && verb === "list") {
  const open = read("issues", []).find(({ state, title }) => state === "open" && title === process.env.TITLE);
  console.log(open?.number ?? "");
} else if (group === "issue") {
  const issues = read("issues", []);
  const body = args.includes("--body-file") ? readFileSync(option("--body-file"), "utf8") : undefined;
  if (verb === "create") issues.push({ number: issues.length + 1, title: option("--title"), state: "open", body });
  for (const issue of issues) {
    if (String(issue.number) !== args[0]) continue;
    if (verb === "close") issue.state = "closed";
    if (verb === "edit") issue.body = body;
  }
  write("issues", issues);
} else {
  throw new Error(`gh ${process.argv.slice(2).join(" ")} is not known here`);
}
