/** Shorter ones are no secrets, and what looks for them takes longer to load than everything else takes. */
const SHORTEST = 12;

/** What Secretlint's rules do not know. */
const OURS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a Redis URL with a password", /\brediss?:\/\/[^\s/@]*:[^\s/@]+@/i],
  ["a key of Render's API", /\brnd_\w{16,}/],
  ["a key of Stripe", /\b[rs]k_live_\w{16,}/],
];

/**
 * The variables that look like secrets, which the environment's file and the Terraform would show.
 *
 * @returns Name and what it looks like, never the value: `STRIPE_KEY looks like a key of Stripe`.
 * @see https://github.com/secretlint/secretlint
 */
export async function secretsIn(variables: Readonly<Record<string, string>>): Promise<string[]> {
  const long = Object.entries(variables).filter(([, value]) => value.length >= SHORTEST);
  if (long.length === 0) return [];
  const [{ lintSource }, { creator: rule }] = await Promise.all([
    import("@secretlint/core"),
    import("@secretlint/secretlint-rule-preset-recommend"),
  ]);
  const config = { rules: [{ id: "preset", rule }] };
  const found = await Promise.all(
    long.map(async ([name, content]) => {
      const ours = OURS.find(([, pattern]) => pattern.test(content))?.[0];
      if (ours !== undefined) return [`${name} looks like ${ours}`];
      // By its name, too: some keys are known only by what they are assigned to.
      const source = { content: `${name}=${content}`, filePath: ".env", contentType: "text", ext: ".env" } as const;
      const { messages } = await lintSource({ source, options: { config, noPhysicFilePath: true, maskSecrets: true } });
      const [first] = messages;
      return first === undefined ? [] : [`${name} looks like a secret (${first.messageId})`];
    }),
  );
  return found.flat();
}
