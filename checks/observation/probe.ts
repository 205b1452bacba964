import { runProbe } from "../../vantage/probe.ts";
import { type ObservationTask, observe } from "./observe.ts";

// A one-off job's script: what `observe` does, from inside.
void runProbe<ObservationTask>((url, { experiments }, { signal, withinMs }) => {
  return observe(url, { signal, connectWithinMs: withinMs, experiments });
});
