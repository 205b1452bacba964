import type { Faults } from "./faults.ts";
import type { Store } from "./state/store.ts";
import type { Deploys } from "./workspace/deploys.ts";
import type { EventLog } from "./workspace/event-log.ts";
import type { Jobs } from "./workspace/jobs.ts";
import type { KeyValues } from "./workspace/key-values.ts";
import type { LogBook } from "./workspace/log-book.ts";
import type { Services } from "./workspace/services.ts";

/** The parts of the local Render that its API works on. */
export interface Platform {
  readonly store: Store;
  readonly keyValues: KeyValues;
  readonly services: Services;
  readonly deploys: Deploys;
  readonly jobs: Jobs;
  readonly logs: LogBook;
  readonly events: EventLog;
  readonly faults: Faults;
  /** Where instances are reached from outside. */
  readonly gateway: { readonly host: string; readonly port: number };
}
