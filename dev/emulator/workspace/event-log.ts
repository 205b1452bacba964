import type { Store } from "../state/store.ts";

/** What happened to services and instances, for `GET /services/{id}/events` and `GET /events/{id}`. */
export class EventLog {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  add(resourceId: string, type: string, details: Record<string, string>): void {
    this.#store.events.add(({ id, createdAt }) => {
      return { id, timestamp: createdAt, serviceId: resourceId, type, details };
    });
  }
}
