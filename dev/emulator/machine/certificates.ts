import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";
import { makePrivateDirectory, writePrivateFile } from "../../../runtime/private-file.ts";

const YEAR_MS = 365 * 24 * 3_600_000;
const CA_YEARS = 10;
const EC = { keyType: "ec", algorithm: "sha256" } as const;

export interface Certificates {
  /** The certificate to trust, as a file. */
  readonly caFile: string;
  readonly key: string;
  readonly cert: string;
}

/**
 * The certificates of the gateway. The authority is made once and kept, so that clients that trust it still do after a restart; the
 * server's own is made at every start.
 */
export async function openCertificates(directory: string, host: string): Promise<Certificates> {
  const folder = join(directory, "tls");
  const caFile = join(folder, "ca.pem");
  const caKeyFile = join(folder, "ca-key.pem");
  if (!existsSync(caFile) || !existsSync(caKeyFile)) {
    makePrivateDirectory(folder);
    const authority = await generate([{ name: "commonName", value: "Local Render authority" }], {
      ...EC,
      notAfterDate: new Date(Date.now() + CA_YEARS * YEAR_MS),
      extensions: [
        { name: "basicConstraints", cA: true, critical: true },
        { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
      ],
    });
    writePrivateFile(caKeyFile, authority.private);
    writeFileSync(caFile, authority.cert, { mode: 0o644 });
  }
  const ca = { key: readFileSync(caKeyFile, "utf8"), cert: readFileSync(caFile, "utf8") };
  const server = await generate([{ name: "commonName", value: host }], {
    ...EC,
    ca,
    notAfterDate: new Date(Date.now() + YEAR_MS),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: host },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  return { caFile, key: server.private, cert: server.cert };
}
