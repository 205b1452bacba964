/** Control characters, and those that turn, join or hide text without being seen. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
/** What this project's own colours are made of. One that hides text is not among them. */
const COLOUR = "\u001b\\[(?:0|1|2|22|3[1-6]|39|90)m";
/** What a spinner moves the cursor with. */
const CURSOR = "\u001b\\[(?:\\?25[hl]|\\d*[AGK])";

const XML_ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A text as one line that cannot move a terminal's cursor, nor end a list in Markdown. */
export function oneLine(text: string): string {
  return withoutCommands(text.replaceAll(/\s+/g, " ").replaceAll(UNSEEN, "�"));
}

/**
 * Lines for a terminal or a log that only show something: no cursor is moved, nothing is overwritten or hidden, and
 * nothing is a command to what runs a pipeline. Colours stay.
 *
 * @param spins Whether a spinner of ours may move the cursor.
 */
export function harmless(text: string, spins = false): string {
  const keep = new RegExp(`(${COLOUR}${spins ? `|${CURSOR}|\r` : ""}|[\n\t])|${UNSEEN.source}`, "gu");
  return withoutCommands(text.replaceAll("\r\n", "\n").replaceAll(keep, (_, kept?: string) => kept ?? "�"));
}

/** GitHub Actions obeys a line that begins with two colons; it and Azure Pipelines obey `##[…]` and `##vso[…]` anywhere. */
function withoutCommands(text: string): string {
  return text.replaceAll(/^([^\S\n]*):(?=:)/gm, "$1: ").replaceAll(/##(?=\w*\[)/g, "## ");
}

/** JSON for people and machines: what a terminal would obey is written as an escape. */
export function jsonText(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const unseen = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]|#(?=#)/gu;
  return `${JSON.stringify(value, null, 2).replaceAll(unseen, (found) => found.replaceAll(/[\s\S]/g, escaped))}\n`;
}

/** A name or a command: whatever is not plain ASCII is written by its number, so that nothing looks like something else. */
export function visibleName(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, escaped);
}

/**
 * A text of people, who may write in any script. What changes the direction, or shows nothing, is written by its number,
 * and so are letters of another script in a word of Latin ones, which they look like.
 */
export function visibleText(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\u2028\u2029\u3164\uffa0]/gu, escaped)
    .replaceAll(/[\p{L}\p{M}]+/gu, (word) =>
      /\p{Script=Latin}/u.test(word) ? word.replaceAll(/(?!\p{Script=Latin})\p{L}|[\uff21-\uff5a]/gu, escaped) : word,
    );
}

function escaped(character: string): string {
  return SHORT[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Markdown: text that stays text, in one line, and that mentions nobody. It may stand in a cell of a table. */
export function markdownText(text: string): string {
  const escaped = oneLine(text)
    .replaceAll(/&(?=[#\w]+;)/g, "&amp;")
    .replaceAll(/[\\`*_~{}[\]<>|]/g, "\\$&");
  return escaped.replaceAll(/@(?=\w)|#(?=\d)/g, "$&&#8203;");
}

/** Markdown: a code span. Whatever is in it, it ends where it should. */
export function markdownCode(text: string): string {
  const line = oneLine(text);
  const fence = "`".repeat(longestRun(line) + 1);
  return fence.length === 1 ? `\`${line}\`` : `${fence} ${line} ${fence}`;
}

/** Markdown: a comment, which nobody is shown. */
export function markdownComment(text: string): string {
  return `<!-- ${text.replaceAll(/[^\w .-]/g, "?")} -->`;
}

/** Markdown: a link, where the address is an ordinary one. */
export function markdownLink(text: string, url: string | undefined): string {
  return url !== undefined && /^https?:\/\/[\w.:/-]+$/.test(url)
    ? `[${markdownText(text)}](${url})`
    : markdownText(text);
}

/** Markdown: a block of code, as its lines. */
export function markdownBlock(text: string): string[] {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [fence, ...harmless(text).split("\n").map(oneLine), fence];
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
  const seen = text.replaceAll("\r\n", "\n").replaceAll(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, "�");
  return seen
    .replaceAll("%", "%25")
    .replaceAll("\n", "%0A")
    .replaceAll(/##(?=\w*\[)/g, "## ");
}

function githubProperty(text: string): string {
  return githubData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** XML: text for an element or an attribute. XML has no way at all to write most control characters. */
export function xmlText(text: string): string {
  const allowed = withoutCommands(text.replaceAll("\r\n", "\n")).replaceAll(
    /(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029\ufffe\uffff]/gu,
    "\ufffd",
  );
  return allowed.replace(/[&<>"]/g, (character) => XML_ENTITIES[character] ?? character);
}
