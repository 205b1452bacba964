/** Columns of a line for people: the terminal's, where it is one; a log is as wide as its lines. */
export function lineWidth(): number {
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? Math.max(40, Math.min(columns, 120)) : Number.POSITIVE_INFINITY;
}

/** Lines that end between words; a word that is longer than a line stays whole. */
export function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  return (text.match(new RegExp(`.{1,${Math.max(1, width)}}(?: +|$)|\\S+ *`, "g")) ?? [text]).map((part) =>
    part.trimEnd(),
  );
}

/** A paragraph whose lines begin where its first one does, or further in. */
export function indented(
  text: string,
  { indent = 0, rest = 0, width }: { readonly indent?: number; readonly rest?: number; readonly width: number },
): string[] {
  const [first = "", ...others] = wrap(text, width - Math.max(indent, rest));
  return [" ".repeat(indent) + first, ...others.map((line) => " ".repeat(rest) + line)];
}
