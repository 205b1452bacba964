import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makePrivateDirectory } from "../../../runtime/private-file.ts";
import { newId } from "../state/ids.ts";

const entrySchema = z.object({
  id: z.string(),
  /** Microseconds since 1970. No two entries of a resource have the same. */
  at: z.number(),
  message: z.string(),
  stream: z.enum(["stdout", "stderr"]),
});

/** Anything else is a path to another file. */
const RESOURCE_ID = /^[a-z]+-[0-9a-z]+$/;

export type LogEntry = z.infer<typeof entrySchema>;

/** The output of jobs, services and instances, one file each. */
export class LogBook {
  readonly #directory: string;
  #last = 0;

  constructor(directory: string) {
    this.#directory = join(directory, "logs");
    makePrivateDirectory(this.#directory);
  }

  write(resourceId: string, message: string, stream: LogEntry["stream"]): void {
    this.#last = Math.max(Date.now() * 1_000, this.#last + 1);
    const entry: LogEntry = { id: newId("log"), at: this.#last, message, stream };
    appendFileSync(this.#file(resourceId), `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  }

  /** All entries of a resource, oldest first. */
  read(resourceId: string): LogEntry[] {
    if (!RESOURCE_ID.test(resourceId)) return [];
    let text: string;
    try {
      text = readFileSync(this.#file(resourceId), "utf8");
    } catch {
      return [];
    }
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.flatMap((line) => {
      // A crash may have cut the last line short.
      const entry = entrySchema.safeParse(tryJson(line));
      return entry.success ? [entry.data] : [];
    });
  }

  #file(resourceId: string): string {
    return join(this.#directory, `${resourceId}.jsonl`);
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
