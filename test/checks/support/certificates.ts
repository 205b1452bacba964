import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";

const DAY_MS = 24 * 3_600_000;
const EC = { keyType: "ec", algorithm: "sha256" } as const;

/** A key and a certificate, as files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly directory: string;
  /** What a client must trust. */
  readonly ca: string;
  readonly good: CertificateFiles;
  readonly endsSoon: CertificateFiles;
  readonly expired: CertificateFiles;
  readonly otherName: CertificateFiles;
  readonly selfSigned: CertificateFiles;
}

/** Certificates for `localhost`, good and bad in every way that a client must notice. */
export async function makeCertificates(): Promise<Certificates> {
  const directory = mkdtempSync(join(tmpdir(), "checks-tls-"));
  const authority = await generate([{ name: "commonName", value: "authority" }], {
    ...EC,
    notAfterDate: new Date(Date.now() + 30 * DAY_MS),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const ca = join(directory, "ca.pem");
  writeFileSync(ca, authority.cert);

  const make = async (name: string, host: string, days: number, signed = true): Promise<CertificateFiles> => {
    const pair = await generate([{ name: "commonName", value: host }], {
      ...EC,
      notBeforeDate: new Date(Date.now() - 3 * DAY_MS),
      notAfterDate: new Date(Date.now() + days * DAY_MS),
      ...(signed ? { ca: { key: authority.private, cert: authority.cert } } : {}),
      extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: host }] }],
    });
    const files = { cert: join(directory, `${name}.pem`), key: join(directory, `${name}-key.pem`) };
    writeFileSync(files.cert, pair.cert);
    writeFileSync(files.key, pair.private);
    return files;
  };
  return {
    directory,
    ca,
    good: await make("good", "localhost", 90),
    endsSoon: await make("ends-soon", "localhost", 3),
    expired: await make("expired", "localhost", -1),
    otherName: await make("other-name", "other.example", 90),
    selfSigned: await make("self-signed", "localhost", 90, false),
  };
}
