/** Shorter texts occur by chance in what is printed; masking them would garble reports, and tell where they stand. */
const SHORTEST = 6;

/**
 * Masks known secrets in everything that is printed. No code here prints one; should one slip into a text all the same,
 * say in a message of Node or of a library, it is masked in each of the spellings in which it may stand.
 */
export class Secrets {
  readonly #spellings = new Set<string>();

  /** Never show this again, nor its percent-encoded, decoded or JSON-escaped form. */
  add(secret: string | undefined): void {
    if (secret === undefined) return;
    for (const spelling of [secret, encodeURIComponent(secret), encodeURI(secret), decoded(secret)]) {
      this.#spellings.add(spelling);
      this.#spellings.add(JSON.stringify(spelling).slice(1, -1));
    }
  }

  /** Never show this URL again, nor its password. A host holds no `@`, so the last one ends the password. */
  addUrl(url: string): void {
    this.add(url);
    const login = /^[a-z][a-z\d+.-]*:\/\/(.*)@/is.exec(url)?.[1];
    if (login !== undefined) this.add(login.slice(login.indexOf(":") + 1));
  }

  /** The text with every secret in it masked, and every URL's login. */
  mask(text: string): string {
    const longestFirst = [...this.#spellings].filter(({ length }) => length >= SHORTEST).toSorted(byLength);
    const masked = longestFirst.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
    return masked.replace(/(rediss?:\/\/)\S*@/gi, "$1***@");
  }
}

function byLength(a: string, b: string): number {
  return b.length - a.length;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
