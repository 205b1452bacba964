import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Stop } from "../../../runtime/errors.ts";
import { makePrivateDirectory, writePrivateFile } from "../../../runtime/private-file.ts";
import { type IdPrefix, newId } from "./ids.ts";
import { missing } from "./refusal.ts";
import { type State, stateSchema } from "./schema.ts";
import { seedState } from "./seed.ts";

const FILE = "state.json";

/** What a new thing is given. */
export interface Stamp {
  readonly id: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The things of one kind. It alone makes ids and times, and it saves what it changes. */
export class Collection<T extends { readonly id: string }> {
  readonly #prefix: IdPrefix;
  readonly #items: () => T[];
  readonly #save: () => void;
  readonly #most: number;

  /** @param most Older ones than this many are forgotten: a state that is used for long would only ever grow. */
  constructor(prefix: IdPrefix, items: () => T[], save: () => void, most = Number.POSITIVE_INFINITY) {
    this.#prefix = prefix;
    this.#items = items;
    this.#save = save;
    this.#most = most;
  }

  /** Oldest first. */
  get all(): readonly T[] {
    return this.#items();
  }

  /** Newest first, as Render lists things. */
  get newest(): T[] {
    return this.#items().toReversed();
  }

  has(id: string): boolean {
    return this.#items().some((item) => item.id === id);
  }

  /** @throws Refusal when there is no such thing. */
  get(id: string): T {
    const found = this.#items().find((item) => item.id === id);
    if (found === undefined) throw missing(id);
    return found;
  }

  /** @param prefix Of its id, where that is not the one of most. */
  add(make: (stamp: Stamp) => T, prefix = this.#prefix): T {
    const now = new Date().toISOString();
    const item = make({ id: newId(prefix), createdAt: now, updatedAt: now });
    const items = this.#items();
    items.push(item);
    if (items.length > this.#most) items.splice(0, items.length - this.#most);
    this.#save();
    return item;
  }

  /** Changes something as most changes that somebody asks for do: its `updatedAt` moves, unless nothing is another. */
  update(item: T, changes: Partial<T>): T {
    if (isDeepStrictEqual({ ...item, ...changes }, { ...item })) return item;
    Object.assign(item, { updatedAt: new Date().toISOString() });
    return this.note(item, changes);
  }

  /** Changes what has come about by itself, or what Render does not date: its `updatedAt` stays. */
  note(item: T, changes: Partial<T>): T {
    Object.assign(item, changes);
    this.#save();
    return item;
  }

  delete(item: T): void {
    const items = this.#items();
    items.splice(items.indexOf(item), 1);
    this.#save();
  }
}

/** The state in memory, and its file. */
export class Store {
  readonly directory: string;
  readonly #state: State;
  readonly #save = () => this.save();
  readonly keyValues = new Collection("red", () => this.#state.keyValues, this.#save);
  readonly envGroups = new Collection("evg", () => this.#state.envGroups, this.#save);
  readonly services = new Collection("srv", () => this.#state.services, this.#save);
  readonly deploys = new Collection("dep", () => this.#state.deploys, this.#save, 200);
  readonly jobs = new Collection("job", () => this.#state.jobs, this.#save, 200);
  readonly projects = new Collection("prj", () => this.#state.projects, this.#save);
  readonly environments = new Collection("evm", () => this.#state.environments, this.#save);
  readonly events = new Collection("evt", () => this.#state.events, this.#save, 500);

  private constructor(directory: string, state: State) {
    this.directory = directory;
    this.#state = state;
  }

  /** The store of a directory; a new one begins with the seed. */
  static open(directory: string, apiKey: string | undefined): Store {
    makePrivateDirectory(directory);
    const state = readState(directory) ?? seedState(apiKey, directory);
    if (apiKey !== undefined) state.apiKey = apiKey;
    const store = new Store(directory, state);
    store.save();
    return store;
  }

  /** What is not a collection. */
  get settings(): Readonly<Pick<State, "apiKey" | "ownerId" | "apiPort" | "gatewayPort" | "network" | "logStreams">> {
    return this.#state;
  }

  change(changes: Partial<Pick<State, "apiPort" | "gatewayPort" | "logStreams">>): void {
    Object.assign(this.#state, changes);
    this.save();
  }

  /** A copy of everything, for {@link restore}. It holds secrets. */
  snapshot(): State {
    return structuredClone(this.#state);
  }

  /** Makes everything what it was. Key, workspace and ports stay: what was exported names them. */
  restore({
    apiKey: _key,
    ownerId: _owner,
    apiPort: _api,
    gatewayPort: _gateway,
    network: _network,
    ...past
  }: State): void {
    Object.assign(this.#state, structuredClone(past));
    this.save();
  }

  /** Writes the state in one step: after a crash the file holds either the old state or the new one. */
  save(): void {
    writePrivateFile(join(this.directory, FILE), `${JSON.stringify(this.#state, undefined, 2)}\n`);
  }
}

/**
 * What a directory's file holds; `undefined` when there is none.
 *
 * @throws Stop when the file is there but is not a state.
 */
export function readState(directory: string): State | undefined {
  const file = join(directory, FILE);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    throw new Stop("failed", `${file} is not the state of an emulator. Delete the directory to start fresh.`);
  }
}
