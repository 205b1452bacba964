import { newId } from "../state/ids.ts";
import type { EventState } from "../state/schema.ts";
import type { Store } from "../state/store.ts";

/** What happened to services and instances, for `GET /services/{id}/events` and `GET /events/{id}`. */
export class EventLog {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Notes an event. Whoever changed the state saves it, and the event with it. */
  add(resourceId: string, type: string, details: Record<string, string>): void {
    const timestamp = new Date().toISOString();
    this.#store.state.events.push({ id: newId("evt"), timestamp, serviceId: resourceId, type, details });
  }

  /** Newest first. */
  of(resourceId: string): EventState[] {
    return this.#store.state.events.filter((event) => event.serviceId === resourceId).reverse();
  }

  find(id: string): EventState | undefined {
    return this.#store.state.events.find((event) => event.id === id);
  }
}
