import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secrets } from "../../runtime/secrets.ts";
import { AWKWARD_PASSWORDS, spellings } from "../checks/support/passwords.ts";

describe("Secrets", () => {
  test("masks every spelling of a secret", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: "grapheme" }), fc.string(), fc.string(), (secret, before, after) => {
        const secrets = new Secrets();
        secrets.add(secret);
        for (const spelling of spellings(secret)) {
          expect(secrets.mask(`${before}\n${spelling}\n${after}`)).not.toContain(`\n${spelling}\n`);
        }
      }),
    );
  });

  test.each(AWKWARD_PASSWORDS)("masks a URL that nobody told it of, with the password %j", (password) => {
    for (const login of [encodeURIComponent(password), password.replaceAll(/\s/g, "")]) {
      expect(new Secrets().mask(`at rediss://user:${login}@host:6379 it`)).toBe("at rediss://***@host:6379 it");
    }
  });

  test.each(AWKWARD_PASSWORDS.filter(({ length }) => length > 5))(
    "masks the password %j of a URL that it was told of",
    (password) => {
      for (const url of [`postgres://user:${password}@host/db`, `rediss://user:${password}@host`]) {
        const secrets = new Secrets();
        secrets.addUrl(url);
        expect(secrets.mask(`the password is ${password}, at ${url}.`)).toBe("the password is ***, at ***.");
      }
    },
  );

  test("masks a login without a name", () => {
    const secrets = new Secrets();
    secrets.addUrl("redis://a-password@host");
    expect(secrets.mask("a-password")).toBe("***");
  });

  test("masks the longer of two secrets as a whole", () => {
    const secrets = new Secrets();
    secrets.add("abcdef");
    secrets.add("abcdefgh");
    expect(secrets.mask("abcdefgh abcdef")).toBe("*** ***");
  });

  test("takes a URL without a login, and what is no URL", () => {
    const secrets = new Secrets();
    for (const text of ["redis://localhost:6379", "user:secret@host", ""]) secrets.addUrl(text);
    secrets.add(undefined);
    expect(secrets.mask("localhost secret")).toBe("localhost secret");
  });

  test("leaves short words alone, which stand everywhere by chance", () => {
    const secrets = new Secrets();
    secrets.addUrl("rediss://user:p@host");
    expect(secrets.mask("ping passed")).toBe("ping passed");
  });
});
