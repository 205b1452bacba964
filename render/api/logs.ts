import type { RenderClient } from "./client.ts";
import { API } from "./endpoints.ts";

const LARGEST_PAGE = "100";
/** A log that is longer is not read to its end, which there need not be. */
const MOST_PAGES = 100;

/** The first lines that a service, a job or an instance (`resource` is its id) has logged in the last hour, oldest first. */
export async function readLogs(client: RenderClient, ownerId: string, resource: string): Promise<string[]> {
  const lines: string[] = [];
  let times: { startTime?: string; endTime?: string } = {};
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const query = { ownerId, resource, direction: "forward", limit: LARGEST_PAGE, ...times } as const;
    const page = await client.call(API.getLogs, {}, query);
    lines.push(...page.logs.map(({ message }) => message));
    if (!page.hasMore) return lines;
    times = { startTime: page.nextStartTime, endTime: page.nextEndTime };
  }
  return lines;
}
