import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { formatExports } from "../../../dev/local/start.ts";

test("a shell that sources the exports has every variable as it is", () => {
  const exported = formatExports({ RENDER_API_KEY: "rnd_it's a key", TF_VAR_other: '{"a":"$HOME"}' });
  const script = `${exported}printf '%s|' "$RENDER_API_KEY" "$TF_VAR_other"`;
  expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe('rnd_it\'s a key|{"a":"$HOME"}|');
});
