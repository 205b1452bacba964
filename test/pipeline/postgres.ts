import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa, execaSync, type Subprocess } from "execa";

/** Where Debian keeps the servers, which are not on the PATH. */
const DEBIAN = "/usr/lib/postgresql";
/** PostgreSQL refuses to run as root, so root starts it as the user that Debian makes for it. */
const SERVER_USER = "postgres";
const PASSWORD = "of-the-state-9f2c71";

/** The directory of PostgreSQL's programs; `undefined` where it is not installed. */
export function findPostgres(): string | undefined {
  const installed = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, "bin")) : [];
  const onPath = (process.env.PATH ?? "").split(":");
  return [...installed, ...onPath].find((directory) => existsSync(join(directory, "initdb")));
}

/** A PostgreSQL server of its own, on a free port, with a password. */
export class Postgres {
  readonly password = PASSWORD;
  /** For `PG_CONN_STR`. */
  readonly connectionString: string;
  readonly #directory: string;
  readonly #server: Subprocess;

  private constructor(directory: string, server: Subprocess, port: number) {
    this.#directory = directory;
    this.#server = server;
    this.connectionString = `postgres://${SERVER_USER}:${PASSWORD}@127.0.0.1:${port}/postgres?sslmode=disable`;
  }

  static async start(programs: string): Promise<Postgres> {
    const directory = mkdtempSync(join(tmpdir(), "postgres-"));
    const data = join(directory, "data");
    const passwordFile = join(directory, "password");
    writeFileSync(passwordFile, PASSWORD);
    const port = await freePort();
    if (isRoot()) execaSync("chown", ["-R", SERVER_USER, directory]);
    else chmodSync(directory, 0o700);
    const init = ["-D", data, "-U", SERVER_USER, "--auth=scram-sha-256", `--pwfile=${passwordFile}`, "--no-sync"];
    await asServerUser(join(programs, "initdb"), init);
    const settings = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", directory];
    const server = asServerUser(join(programs, "postgres"), ["-D", data, "-p", String(port), ...settings]);
    const postgres = new Postgres(directory, server, port);
    await postgres.#ready(programs, port);
    return postgres;
  }

  async stop(): Promise<void> {
    this.#server.kill("SIGINT");
    await this.#server;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #ready(programs: string, port: number): Promise<void> {
    const ready = () =>
      execaSync(join(programs, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)], { reject: false });
    for (let tries = 0; ready().exitCode !== 0; tries++) {
      if (tries > 100) throw new Error("PostgreSQL did not start.");
      await new Promise((fulfil) => setTimeout(fulfil, 100));
    }
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function asServerUser(program: string, args: readonly string[]) {
  const options = { reject: false, cwd: tmpdir(), env: { LC_ALL: "C" } } as const;
  // setpriv, not runuser: it becomes the server instead of waiting for it, so that signals reach the server.
  const prefix = ["--reuid", SERVER_USER, "--regid", SERVER_USER, "--init-groups", "--"];
  return isRoot() ? execa("setpriv", [...prefix, program, ...args], options) : execa(program, args, options);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((fulfil) => server.listen(0, "127.0.0.1", fulfil));
  const address = server.address();
  await new Promise((fulfil) => server.close(fulfil));
  return typeof address === "object" && address !== null ? address.port : 0;
}
