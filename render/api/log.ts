import { z } from "zod";
import type { RenderClient } from "./client.ts";

const LARGEST_PAGE = "100";

const logsSchema = z.object({
  hasMore: z.boolean(),
  nextStartTime: z.string(),
  nextEndTime: z.string(),
  logs: z.array(z.object({ id: z.string(), message: z.string(), timestamp: z.string() })),
});

/** The lines that a service, a job or an instance (`resource` is its id) has logged in the last hour, oldest first. */
export async function listLogs(client: RenderClient, ownerId: string, resource: string): Promise<string[]> {
  const lines: string[] = [];
  let times: Record<string, string> = {};
  for (;;) {
    const query = { ownerId, resource, direction: "forward", limit: LARGEST_PAGE, ...times };
    const page = await client.request("GET", "/logs", logsSchema, { query });
    lines.push(...page.logs.map(({ message }) => message));
    if (!page.hasMore) return lines;
    times = { startTime: page.nextStartTime, endTime: page.nextEndTime };
  }
}
