import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { gitOutput } from "./base.ts";
import type { Commit } from "./review/review.ts";

const REPOSITORY = join(import.meta.dirname, "..");

const eventSchema = z.object({
  pull_request: z.object({ head: z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }) }),
});

/** The commit of the sources, and who wrote it. GitHub checks a pull request out as a merge of its own: then the request's. */
export async function commitOf(env: NodeJS.ProcessEnv, repository = REPOSITORY): Promise<Commit | undefined> {
  const own = requested(env.GITHUB_EVENT_PATH);
  const tell = (commit: string) =>
    gitOutput(repository, ["log", "-1", "--format=%H%x00%an", "--end-of-options", commit]);
  const [sha, author] = ((own && (await tell(own))) ?? (await tell("HEAD")))?.split("\0") ?? [];
  if (!sha || author === undefined) return undefined;
  const changed = await gitOutput(repository, ["status", "--porcelain", "--untracked-files=no"]);
  return { sha, author, ...(changed ? ({ dirty: true } as const) : {}) };
}

function requested(event: string | undefined): string | undefined {
  try {
    return eventSchema.parse(JSON.parse(readFileSync(event ?? "", "utf8"))).pull_request.head.sha;
  } catch {
    return undefined;
  }
}
