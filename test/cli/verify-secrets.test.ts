import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type Certificates, makeCertificates } from "../checks/support/certificates.ts";
import { AWKWARD_PASSWORDS, spellings } from "../checks/support/passwords.ts";
import { startRedis, USER } from "../checks/support/redis-server.ts";
import { startTestApi } from "../checks/support/render-api.ts";
import { API_KEY, runChecks } from "../checks/support/run-checks.ts";

describe("a good run with the password", () => {
  let certificates: Certificates;

  beforeAll(async () => {
    certificates = await makeCertificates();
  });

  afterAll(() => {
    rmSync(certificates.directory, { recursive: true });
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

    const result = await runChecks({ host, env: { NODE_EXTRA_CA_CERTS: certificates.ca } });

    expect(result.exitCode, result.everything).toBe(0);
    const alone = password.length > 5 ? spellings(password) : [`:${password}@`, `"${password}"`, ` ${password} `];
    for (const secret of [...alone, API_KEY]) expect(result.everything).not.toContain(secret);
  });
});
