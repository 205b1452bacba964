import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Milliseconds after which the process that claimed a message must be dead: longer than any wait for the provider. */
export const CLAIM_LEASE_MS = 15_000;

const SENT = "sent";

/**
 * Who may send a message: one process, once. This is what makes delivery exactly-once.
 *
 * No queue can do it. A command that timed out may be carried out later, a worker may die between sending and saying
 * so; each time the same message comes again. Here it is a file a message; in an application it is a table:
 *
 *     INSERT INTO sent (id, claimed_at) VALUES ($1, now())
 *     ON CONFLICT (id) DO UPDATE SET claimed_at = now()
 *       WHERE sent.sent_at IS NULL AND sent.claimed_at < now() - interval '15 seconds'
 *     RETURNING id
 */
export class Claims {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Claims a message. `mine`: send it. `taken`: another process is sending it. `sent`: already sent. */
  async take(id: string): Promise<"mine" | "taken" | "sent"> {
    const file = join(this.#directory, id);
    try {
      await writeFile(file, "", { flag: "wx" });
      return "mine";
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
    try {
      if ((await readFile(file, "utf8")) === SENT) return "sent";
      if (Date.now() - (await stat(file)).mtimeMs < CLAIM_LEASE_MS) return "taken";
      // Its owner died. Of all who see that, one succeeds in moving the file away; then they ask again.
      const abandoned = `${file}.${randomUUID()}`;
      await rename(file, abandoned);
      await rm(abandoned);
    } catch (error) {
      if (!isCode(error, "ENOENT")) throw error;
    }
    return "taken";
  }

  /** Marks it as sent: it is never sent again. */
  async sent(id: string): Promise<void> {
    const file = join(this.#directory, id);
    const written = `${file}.${randomUUID()}`;
    await writeFile(written, SENT);
    await rename(written, file);
  }

  /** Gives the claim back: it could not be sent, and the next try may. */
  async release(id: string): Promise<void> {
    await rm(join(this.#directory, id), { force: true });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
