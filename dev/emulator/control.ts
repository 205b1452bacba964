import { resolve } from "node:path";
import { z } from "zod";
import { Stop } from "../../runtime/errors.ts";
import { within } from "../../runtime/wait.ts";
import { type LoggedRequest, loggedRequest } from "./http/request-log.ts";
import { readState } from "./state/store.ts";
import { type FaultChanges, type FaultSettings, faultsSchema } from "./workspace/faults.ts";
import type { ActName } from "./workspace/steering.ts";

/** Filling an instance of many gigabytes takes its time. */
const TIMEOUT_MS = 60_000;

const refusal = z.object({ message: z.string() });

/** Steers a running emulator: its faults, the servers behind its instances, and the record of its calls. */
export class EmulatorControl {
  readonly #address: URL;
  readonly #apiKey: string;

  /** @param emulator A running emulator, or what is exported of one. `host` ends with `/v1`. */
  constructor(emulator: { readonly host: string; readonly apiKey: string }) {
    this.#address = new URL("/local/", emulator.host);
    this.#apiKey = emulator.apiKey;
  }

  /** The emulator that runs on a state directory. @throws Stop when the directory was never used by one. */
  static of(directory: string): EmulatorControl {
    const state = readState(directory);
    if (state === undefined) {
      throw new Stop("failed", `No local Render has run on ${resolve(directory)}. Start one with "npm run local".`);
    }
    return new EmulatorControl({ host: `http://127.0.0.1:${state.apiPort}/v1`, apiKey: state.apiKey });
  }

  async faults(): Promise<FaultSettings> {
    return faultsSchema.parse(await this.#call("GET", "faults"));
  }

  /** Switches faults on or off. What is not named keeps its setting. */
  async setFaults(changes: FaultChanges): Promise<FaultSettings> {
    return faultsSchema.parse(await this.#call("PATCH", "faults", changes));
  }

  async clearFaults(): Promise<void> {
    await this.#call("DELETE", "faults");
  }

  /** The latest calls of the API, oldest first. */
  async requests(): Promise<LoggedRequest[]> {
    return z.array(loggedRequest).parse(await this.#call("GET", "requests"));
  }

  async clearRequests(): Promise<void> {
    await this.#call("DELETE", "requests");
  }

  /** Does to an instance what the table of steering says under this name. Fulfilled once it is done. */
  async act(name: ActName, instanceId: string, argument?: string): Promise<void> {
    await this.#call("POST", `key-value/${instanceId}/${name}`, { argument });
  }

  async #call(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.#apiKey}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const address = new URL(path, this.#address);
    return within(TIMEOUT_MS, async (signal) => {
      const response = await fetch(address, { method, headers, ...sent, signal }).catch(() => {
        throw new Stop("failed", `No local Render answers. Start one with "npm run local".`);
      });
      const text = await response.text();
      if (response.ok) return text === "" ? undefined : JSON.parse(text);
      const said = refusal.safeParse(JSON.parse(text));
      throw new Stop("failed", `The local Render refused: ${said.success ? said.data.message : response.status}`);
    });
  }
}
