import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { runProgram } from "../cli/program.ts";
import { Stop } from "../runtime/errors.ts";
import { compare } from "./emulator/api/recordings.ts";

/** `npm run recordings -- <folder>`: where recorded exchanges with Render's API differ from the table of its endpoints. */
runProgram(
  async () => {
    const [folder, ...others] = process.argv.slice(2);
    if (folder === undefined || others.length > 0) throw new Stop("misused", "usage: npm run recordings -- <folder>");
    const lines = filesOf(folder).flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"));
    const { exchanges, unknown, differences } = compare(lines.filter((line) => line !== ""));
    for (const [call, count] of unknown) console.log(`not in the table: ${call} (${count})`);
    for (const [text, count] of differences) console.log(`differs: ${text} (${count})`);
    const held = exchanges - [...unknown.values()].reduce((sum, count) => sum + count, 0);
    console.log(`${exchanges} exchanges, ${held} held against the table, ${differences.size} differences`);
    return differences.size === 0 ? "good" : "failed";
  },
  { name: "recordings" },
);

function filesOf(folder: string): string[] {
  try {
    const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
    if (files.length > 0) return files.toSorted();
  } catch (error) {
    const { code } = z.object({ code: z.string() }).parse(error);
    throw new Stop("misused", `${folder} cannot be read (${code}).`);
  }
  throw new Stop("misused", `${folder} has no recordings: files named *.jsonl.`);
}
