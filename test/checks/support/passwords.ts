/** Passwords with everything in them that a URL, a shell, JSON, XML or Markdown takes for its own, and very plain ones. */
export const AWKWARD_PASSWORDS = [
  "Pl4inAsRenderMakesThem0123456789",
  "at@sign@and:colons:",
  "slash/hash#question?and",
  "percent%and%zz-not-escaped",
  "percent%41escaped%2Fonce",
  "ampersand&\"double'single",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell would, we must not
  "dollar$HOME${HOME}and{}",
  "back\\slash\\n|pipe`tick`",
  "<angle>&amp;]]>entities",
  "Ünïcödé-пароль-密码-🔑",
  "white space and\ttab",
  "short",
  "p",
] as const;

/** The forms in which a password might slip out. */
export function spellings(password: string): string[] {
  const raw = [password, encodeURIComponent(password), encodeURI(password)];
  return [...new Set([...raw, ...raw.map((text) => JSON.stringify(text).slice(1, -1))])];
}
