import type { EventLog } from "./event-log.ts";
import type { Faults } from "./faults.ts";
import type { KeyValues } from "./key-value/key-values.ts";
import type { LogBook } from "./log-book.ts";
import type { Deploys } from "./services/deploys.ts";
import type { Jobs } from "./services/jobs.ts";
import type { Services } from "./services/services.ts";
import type { Store } from "./state/store.ts";

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
