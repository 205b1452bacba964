import { rmSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secrets } from "../../runtime/secrets.ts";
import { bundleChecks } from "../checks/support/bundle.ts";
import { type Certificates, makeCertificates } from "../checks/support/certificates.ts";
import { AWKWARD_PASSWORDS, spellings } from "../checks/support/passwords.ts";
import { startRedis, USER } from "../checks/support/redis-server.ts";
import { startTestApi } from "../checks/support/render-api.ts";
import { API_KEY, runChecks } from "../checks/support/run-checks.ts";

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

  test("leaves short words alone, which stand everywhere by chance", () => {
    const secrets = new Secrets();
    secrets.addUrl("rediss://user:p@host");
    expect(secrets.mask("ping passed")).toBe("ping passed");
  });
});

describe("a good run with the password", () => {
  let certificates: Certificates;
  let bundle: Awaited<ReturnType<typeof bundleChecks>>;

  beforeAll(async () => {
    [certificates, bundle] = await Promise.all([makeCertificates(), bundleChecks()]);
  });

  afterAll(() => {
    rmSync(certificates.directory, { recursive: true });
    rmSync(bundle.directory, { recursive: true });
  });

  const logins = AWKWARD_PASSWORDS.flatMap((password) => {
    const bare = /%[0-9a-f]{2}/i.test(password) ? [] : [{ password, login: password, how: "bare" }];
    return [{ password, login: encodeURIComponent(password), how: "encoded" }, ...bare];
  });

  test.concurrent.for(logins)("$password, $how", async ({ password, login }, { expect, onTestFinished }) => {
    const server = await startRedis({ tls: certificates.good, password });
    onTestFinished(() => server.stop());
    const { host, stop } = await startTestApi({ url: `rediss://${USER}:${login}@localhost:${server.tlsPort}` });
    onTestFinished(stop);

    const result = await runChecks({ bundle: bundle.file, host, env: { NODE_EXTRA_CA_CERTS: certificates.ca } });

    expect(result.exitCode, result.everything).toBe(0);
    const alone = password.length > 5 ? spellings(password) : [`:${password}@`, `"${password}"`, ` ${password} `];
    for (const secret of [...alone, API_KEY]) expect(result.everything).not.toContain(secret);
  });
});
