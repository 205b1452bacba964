import { resolve } from "node:path";
import { z } from "zod";
import { Stop } from "../../runtime/errors.ts";
import { type FaultChanges, type FaultSettings, faultsSchema } from "./faults.ts";
import { type LoggedRequest, loggedRequest } from "./http/request-log.ts";
import { readState } from "./state/store.ts";

/** Filling an instance of many gigabytes takes its time. */
const TIMEOUT_MS = 60_000;

const refusal = z.object({ message: z.string() });

/** Steers a running local Render: its faults, the servers behind its instances, and the record of its calls. */
export class LocalControl {
  readonly #address: URL;
  readonly #apiKey: string;

  /** @param render A running local Render, or what is exported of one. `host` ends with `/v1`. */
  constructor(render: { readonly host: string; readonly apiKey: string }) {
    this.#address = new URL("/local/", render.host);
    this.#apiKey = render.apiKey;
  }

  /** The local Render that runs on a state directory. @throws Stop when the directory was never used by one. */
  static of(directory: string): LocalControl {
    const state = readState(directory);
    if (state === undefined) {
      throw new Stop("failed", `No local Render has run on ${resolve(directory)}. Start one with "npm run local".`);
    }
    return new LocalControl({ host: `http://127.0.0.1:${state.apiPort}/v1`, apiKey: state.apiKey });
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

  /** Kills an instance's server. It stays down until {@link start}; clients are refused. */
  async kill(instanceId: string): Promise<void> {
    await this.#call("POST", `key-value/${instanceId}/kill`);
  }

  /** Starts the server of an instance that was killed. Fulfilled once it answers. */
  async start(instanceId: string): Promise<void> {
    await this.#call("POST", `key-value/${instanceId}/start`);
  }

  /** Stops an instance's server in its tracks. Clients get no answer. */
  async freeze(instanceId: string): Promise<void> {
    await this.#call("POST", `key-value/${instanceId}/freeze`);
  }

  async thaw(instanceId: string): Promise<void> {
    await this.#call("POST", `key-value/${instanceId}/thaw`);
  }

  /** Changes the policy of the running server only; the API goes on showing the one that was asked for. */
  async setPolicy(instanceId: string, policy: string): Promise<void> {
    await this.#call("POST", `key-value/${instanceId}/policy`, { policy });
  }

  /** Fills an instance until it refuses writes, or evicts. */
  async fill(instanceId: string): Promise<void> {
    await this.#call("POST", `key-value/${instanceId}/fill`);
  }

  /** Removes what {@link fill} wrote. */
  async drain(instanceId: string): Promise<void> {
    await this.#call("POST", `key-value/${instanceId}/drain`);
  }

  /** The dashboard's switch "internal authentication". It restarts the instance. */
  async setInternalAuthentication(instanceId: string, enabled: boolean): Promise<void> {
    await this.#call("POST", `key-value/${instanceId}/internal-authentication`, { enabled });
  }

  async #call(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.#apiKey}`, "content-type": "application/json" };
    const response = await fetch(new URL(path, this.#address), {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => {
      throw new Stop("failed", `No local Render answers. Start one with "npm run local".`);
    });
    const text = await response.text();
    if (response.ok) return text === "" ? undefined : JSON.parse(text);
    const said = refusal.safeParse(JSON.parse(text));
    throw new Stop("failed", `The local Render refused: ${said.success ? said.data.message : response.status}`);
  }
}
