import { parseRedisUrl } from "../redis/address.ts";
import { runProbe } from "../vantage/probe.ts";
import { type InspectTask, inspect } from "./inspect.ts";

// A one-off job's script: what `inspect` does, from inside.
void runProbe<InspectTask>((url, task, { signal, withinMs }) =>
  inspect(parseRedisUrl(url), { ...task, signal, withinMs }),
);
