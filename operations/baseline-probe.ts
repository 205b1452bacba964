import { parseRedisUrl } from "../redis/address.ts";
import { runProbe } from "../vantage/probe.ts";
import { type BaselineTask, measureBaseline } from "./baseline.ts";

// A one-off job's script: what `baseline` does, from inside.
void runProbe<BaselineTask>((url, task, { signal }) => measureBaseline(parseRedisUrl(url), task, signal));
