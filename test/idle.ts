import { availableParallelism, loadavg } from "node:os";

/** Whether this machine has time enough for a figure of time to say something of what is measured. */
export function isIdle(): boolean {
  const [lastMinute = 0] = loadavg();
  return lastMinute < availableParallelism() / 2;
}
