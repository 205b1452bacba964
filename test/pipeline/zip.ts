import { deflateRawSync } from "node:zlib";

/** A zip file as Terraform writes a plan: compressed, without comments. */
export function zipOf(files: Readonly<Record<string, string>> | readonly (readonly [string, string])[]): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  const all = Array.isArray(files) ? files : Object.entries(files);
  for (const [name, content] of all) {
    const [bytes, data] = [Buffer.from(name), deflateRawSync(content)];
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(8, 8);
    header.writeUInt16LE(bytes.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt16LE(bytes.length, 28);
    entry.writeUInt32LE(at, 42);
    parts.push(header, bytes, data);
    entries.push(entry, bytes);
    at += header.length + bytes.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(all.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...entries, end]);
}
