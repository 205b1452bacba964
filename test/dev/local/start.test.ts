import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { formatExports } from "../../../dev/local/start.ts";
import { requireOwnRender } from "../../../environments/emulator-mark.ts";

test("a shell that sources the exports has every variable as it is", () => {
  const exported = formatExports({ RENDER_API_KEY: "rnd_it's a key", TF_VAR_other: '{"a":"$HOME"}' });
  const script = `${exported}printf '%s|' "$RENDER_API_KEY" "$TF_VAR_other" "$TF_REATTACH_PROVIDERS"`;
  const env = { ...process.env, TF_REATTACH_PROVIDERS: "of an earlier version" };
  expect(execFileSync("sh", ["-c", script], { encoding: "utf8", env })).toBe('rnd_it\'s a key|{"a":"$HOME"}||');
});

test.each([
  [false, "", true],
  [false, "true", false],
  [true, "", false],
  [true, "true", true],
])("for this machine: %s, in a shell with the mark %j: allowed: %s", (emulator, mark, allowed) => {
  const require = () => requireOwnRender({ name: "e", emulator }, { TF_VAR_emulator: mark });
  if (allowed) expect(require).not.toThrow();
  else expect(require).toThrow(emulator ? 'Start that with "npm run local"' : 'the environment "e" is not for that');
});
