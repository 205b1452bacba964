/** What a bundle is made of, by its content. */
export function digestOfSources(bundle: "checks" | "plan" | "apply"): string;
/** A bundle's text with what it is known by in its last line. */
export function seal(sources: string, text: string): string;
