import type { Machine } from "../machine/machine.ts";
import type { State } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import { Deploys } from "./deploys.ts";
import { EnvGroups } from "./env-groups.ts";
import { EventLog } from "./event-log.ts";
import { Faults } from "./faults.ts";
import { Jobs } from "./jobs.ts";
import { KeyValues } from "./key-values.ts";
import { LogBook } from "./log-book.ts";
import { Logs } from "./logs.ts";
import { Projects } from "./projects.ts";
import { Services } from "./services.ts";

export interface WorkspaceOptions {
  readonly store: Store;
  readonly machine: Machine;
  /** Where instances are reached from outside. */
  readonly gateway: { readonly host: string; readonly port: number };
  /** Milliseconds that each phase of a deploy takes. */
  readonly delayMs: number;
}

/** A workspace of Render: what is in it, and what can be done with it. It knows nothing of HTTP. */
export class Workspace {
  readonly store: Store;
  readonly faults = new Faults();
  readonly keyValues: KeyValues;
  readonly services: Services;
  readonly deploys: Deploys;
  readonly jobs: Jobs;
  readonly envGroups: EnvGroups;
  readonly projects: Projects;
  readonly logs: Logs;

  constructor({ store, machine, gateway, delayMs }: WorkspaceOptions) {
    const { faults } = this;
    const events = new EventLog(store);
    const logs = new LogBook(store.directory);
    this.store = store;
    this.keyValues = new KeyValues({ store, machine, faults, logs, events, gateway });
    this.services = new Services({ store, machine, logs });
    this.deploys = new Deploys({ store, services: this.services, faults, events, delayMs });
    this.jobs = new Jobs({ store, machine, logs });
    this.envGroups = new EnvGroups(store);
    this.projects = new Projects(store);
    this.logs = new Logs(store, logs);
  }

  /** Starts what ran when the last run ended. Fulfilled once the instances that were up are up again. */
  async open(): Promise<void> {
    this.jobs.open();
    this.deploys.open();
    await this.keyValues.open();
    await this.services.open();
  }

  /** Ends everything that runs. The state stays. */
  async close(): Promise<void> {
    this.deploys.close();
    await this.services.close();
    await this.keyValues.close();
  }

  /** Makes the workspace what it was at a {@link Store.snapshot}. What is in the instances is not part of that. */
  async restore(snapshot: State): Promise<void> {
    const kept = new Set(snapshot.keyValues.map(({ id }) => id));
    for (const { id } of this.store.keyValues.newest) if (!kept.has(id)) this.keyValues.delete(id);
    await this.close();
    this.store.restore(snapshot);
    await this.open();
  }
}
