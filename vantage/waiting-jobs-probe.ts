import { parseRedisUrl } from "../redis/address.ts";
import { countWaitingJobs } from "../redis/waiting-jobs.ts";
import { runProbe } from "./probe.ts";

// A one-off job's script: what `waitingJobs` does, from inside.
void runProbe((url, _task, { signal }) => countWaitingJobs(parseRedisUrl(url), signal));
