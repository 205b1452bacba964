const XML_ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A text as one line that cannot move a terminal's cursor, nor end a list in Markdown. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "�");
}

/** Markdown: text that stays text, in one line. It may stand in a cell of a table. */
export function markdownText(text: string): string {
  return oneLine(text).replaceAll(/[\\`*_{}[\]<>|]/g, "\\$&");
}

/** Markdown: a code span. Whatever is in it, it ends where it should. */
export function markdownCode(text: string): string {
  const line = oneLine(text);
  const fence = "`".repeat(longestRun(line) + 1);
  return fence.length === 1 ? `\`${line}\`` : `${fence} ${line} ${fence}`;
}

/** Markdown: a block of code, as its lines. */
export function markdownBlock(text: string): string[] {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [fence, ...text.split("\n").map(oneLine), fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/**
 * A workflow command of GitHub Actions, with the end of its line.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function githubCommand(
  name: "error" | "warning",
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const given = Object.entries(properties).map(([key, value]) => `${key}=${githubProperty(value)}`);
  return `::${name} ${given.join(",")}::${githubData(message)}\n`;
}

function githubData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function githubProperty(text: string): string {
  return githubData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** XML: text for an element or an attribute. XML has no way at all to write most control characters. */
export function xmlText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not stay
  const allowed = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
  return allowed.replace(/[&<>"]/g, (character) => XML_ENTITIES[character] ?? character);
}
