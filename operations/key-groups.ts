/** A key that was measured. */
export interface Measured {
  readonly key: string;
  readonly bytes: number;
  /** Whether it has no time to live. */
  readonly lasting: boolean;
}

/** What there is of keys whose names are alike. */
export interface KeyGroup {
  /** Their names, with `*` for ids. */
  readonly pattern: string;
  readonly keys: number;
  readonly bytes: number;
  readonly lasting: number;
}

/** Ids: UUIDs, long hexadecimal words, numbers, and words too long for a person. */
const IDS = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{16,}|\d+|[^:]{40,}/gi;
/** Names without end cost no memory without end: what is beyond is one group. */
const MOST_GROUPS = 5_000;
const OTHERS = "(others)";
/** Of each group the first are measured, and of the rest one of so many. */
const FIRST = 50;
const ONE_OF = 20;
const LARGEST = 10;

/** Sorts keys into groups by their names, chooses which of them to measure, and takes the others for alike. */
export class KeyGroups {
  readonly #all: boolean;
  readonly #groups = new Map<string, { keys: number; measured: number; bytes: number; lasting: number }>();
  #largest: Measured[] = [];
  seen = 0;

  /** @param all Whether every key is measured. */
  constructor(all: boolean) {
    this.#all = all;
  }

  /** The largest that were measured. */
  get largest(): readonly Measured[] {
    return this.#largest;
  }

  /** Counts keys, and answers with those to measure. */
  choose(keys: readonly string[]): string[] {
    this.seen += keys.length;
    return keys.filter((key) => {
      const group = this.#groupOf(key);
      group.keys += 1;
      return this.#all || group.keys <= FIRST || group.keys % ONE_OF === 0;
    });
  }

  measured(keys: readonly Measured[]): void {
    for (const { key, bytes, lasting } of keys) {
      const group = this.#groupOf(key);
      group.measured += 1;
      group.bytes += bytes;
      if (lasting) group.lasting += 1;
    }
    this.#largest = [...this.#largest, ...keys].toSorted((a, b) => b.bytes - a.bytes).slice(0, LARGEST);
  }

  /** @param scale How many keys there are for each that was seen. */
  list(scale: number): KeyGroup[] {
    return [...this.#groups].map(([pattern, { keys, measured, bytes, lasting }]) => {
      const each = (scale * keys) / Math.max(1, measured);
      const [all, bytesOfAll, lastingOfAll] = [scale * keys, each * bytes, each * lasting].map(Math.round);
      return { pattern, keys: all ?? 0, bytes: bytesOfAll ?? 0, lasting: lastingOfAll ?? 0 };
    });
  }

  #groupOf(key: string) {
    const pattern = key.replaceAll(IDS, "*");
    const known = this.#groups.get(pattern) ?? (this.#groups.size < MOST_GROUPS ? undefined : this.#groups.get(OTHERS));
    if (known !== undefined) return known;
    const group = { keys: 0, measured: 0, bytes: 0, lasting: 0 };
    this.#groups.set(this.#groups.size < MOST_GROUPS ? pattern : OTHERS, group);
    return group;
  }
}
