import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Looks through every byte that the whole test run prints for the secrets that were in play, and fails it for one. */
export default function scanOutput(): () => void {
  const directory = mkdtempSync(join(tmpdir(), "secrets-in-play-"));
  const register = join(directory, "secrets");
  writeFileSync(register, "", { mode: 0o600 });
  process.env.SECRETS_IN_PLAY = register;
  const printed = [process.stdout, process.stderr].map(listen);
  return () => {
    const secrets = new Set(readFileSync(register, "utf8").split("\n").filter(Boolean));
    rmSync(directory, { recursive: true });
    const output = printed.map((stop) => stop()).join("\n");
    const found = [...secrets].filter((secret) => output.includes(secret)).length;
    console.log(`The run printed ${found} of the ${secrets.size} secrets that were in play.`);
    // Vitest only mentions it when this throws.
    if (found > 0) process.exitCode = 1;
  };
}

/** Keeps a copy of what is written; ends with it. */
function listen(stream: NodeJS.WriteStream): () => string {
  const { write } = stream;
  const chunks: Buffer[] = [];
  const keep = (...args: Parameters<typeof write>) => {
    chunks.push(Buffer.from(args[0]));
    return Reflect.apply(write, stream, args);
  };
  Object.defineProperty(stream, "write", { configurable: true, writable: true, value: keep });
  return () => {
    stream.write = write;
    return Buffer.concat(chunks).toString();
  };
}
