/** A text as one line that cannot move a terminal's cursor, nor end a list in Markdown. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "�");
}
