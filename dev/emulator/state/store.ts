import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Stop } from "../../../runtime/errors.ts";
import { type State, stateSchema } from "./schema.ts";
import { seedState } from "./seed.ts";

const FILE = "state.json";
/** Enough history to look back on; without a bound a long-lived state directory would only ever grow. */
const KEPT = { deploys: 200, jobs: 200, events: 500 } as const;

/** The state in memory, and its file. Whoever changes the state saves it before answering. */
export class Store {
  readonly state: State;
  readonly directory: string;

  private constructor(directory: string, state: State) {
    this.directory = directory;
    this.state = state;
  }

  /** The store of a directory; a new one begins with the seed. */
  static open(directory: string, apiKey: string | undefined): Store {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const state = readState(directory) ?? seedState(apiKey, directory);
    if (apiKey !== undefined) state.apiKey = apiKey;
    const store = new Store(directory, state);
    store.save();
    return store;
  }

  /** Writes the state in one step: after a crash the file holds either the old state or the new one. */
  save(): void {
    for (const kind of ["deploys", "jobs", "events"] as const) {
      const surplus = this.state[kind].length - KEPT[kind];
      if (surplus > 0) this.state[kind].splice(0, surplus);
    }
    const file = join(this.directory, FILE);
    writeFileSync(`${file}.new`, `${JSON.stringify(this.state, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
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
    throw new Stop("failed", `${file} is not the state of a local Render. Remove the directory to begin anew.`);
  }
}
