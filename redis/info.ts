/** Characters of a value: those that are read here are numbers and words. */
const LONGEST_VALUE = 100;

/**
 * The fields of `INFO`, from its text: lines of `name:value`, and headings that begin with `#`.
 *
 * @see https://redis.io/docs/latest/commands/info/
 */
export function parseInfo(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => !line.startsWith("#") && line.includes(":"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).slice(0, LONGEST_VALUE)]),
  );
}

/** How many keys each database holds, by its number. */
export function keysByDatabase(info: Readonly<Record<string, string>>): Map<number, number> {
  const found = Object.entries(info).flatMap(([name, value]) => {
    const [, database] = /^db(\d+)$/.exec(name) ?? [];
    const [, keys] = /^keys=(\d+)/.exec(value) ?? [];
    return database === undefined || keys === undefined ? [] : [[Number(database), Number(keys)] as const];
  });
  return new Map(found);
}
