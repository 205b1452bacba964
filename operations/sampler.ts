import { findInstance, NoInstance, READY } from "../checks/find-instance.ts";
import { observation } from "../checks/program.ts";
import type { Result } from "../checks/report.ts";
import { fail, pass, unknown } from "../checks/result.ts";
import { parseRedisUrl } from "../redis/address.ts";
import { RedisFailure } from "../redis/failure.ts";
import { inSession } from "../redis/session.ts";
import type { RenderClient } from "../render/api/client.ts";
import { API, type ConnectionInfo, type KeyValue } from "../render/api/endpoints.ts";
import { RenderApiError } from "../render/api/error.ts";
import { readKnownIds } from "../render/terraform-state.ts";
import { Deadline } from "../runtime/deadline.ts";
import { within } from "../runtime/wait.ts";
import { look } from "../vantage/look.ts";
import type { Program } from "../vantage/program.ts";
import type { Look, Vantage } from "../vantage/vantage.ts";
import { readEvidence } from "./evidence.ts";
import type { Subject } from "./operate.ts";
import { Queues } from "./queue-counts.ts";
import { judgeSample, type Sample, type Seen } from "./sample.ts";

/** Milliseconds for which an answer of Render's API is kept: it is asked once a minute, however many instances are watched. */
const KEPT_MS = 60_000;
/** Of the time for a sample, what connecting to Redis may take. The rest is for asking Render instead. */
const LOOK_SHARE = 2 / 3;
const ASK_AGAIN = "See https://status.render.com.";
/** What Render's API measures, and the field of INFO that says the same. */
const METRICS = { memory: "used_memory", "memory-limit": "maxmemory", "active-connections": "connected_clients" };

function sampling(queues: Queues): Program<Seen> {
  const { here, dialogue } = observation([]);
  return {
    async here(url, options) {
      const seen = await here(url, options);
      if ("failure" in seen.core.ping) return seen;
      const { signal, via } = options;
      try {
        return await inSession({ ...parseRedisUrl(url), via }, { signal }, async (connection) => {
          const [commands] = await connection.send([["INFO", "commandstats"]]);
          const counted = await queues.count(connection, signal);
          return { ...seen, ...(typeof commands === "string" ? { commands } : {}), queues: counted };
        });
      } catch (error) {
        if (!(error instanceof RedisFailure)) throw error;
        return seen;
      }
    },
    dialogue,
  };
}

/** The instances that a key sees: one list for all that are watched. */
export class Instances {
  readonly #client: RenderClient;
  readonly #ownerId: string | undefined;
  readonly #keptMs: number;
  #known: readonly KeyValue[] | undefined;
  #trouble: RenderApiError | undefined;
  #asking: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(client: RenderClient, ownerId: string | undefined, keptMs = KEPT_MS) {
    this.#client = client;
    this.#ownerId = ownerId;
    this.#keptMs = keptMs;
  }

  /**
   * As they were a minute ago at most, unless the API is in trouble. Only the first answer is waited for: an API that hangs must
   * not keep anyone from looking at Redis.
   *
   * @throws RenderApiError when there has been no answer yet.
   */
  async all(): Promise<{ readonly known: readonly KeyValue[]; readonly trouble: RenderApiError | undefined }> {
    if (performance.now() - this.#askedAt > this.#keptMs) {
      this.#askedAt = performance.now();
      this.#asking ??= this.#ask();
    }
    if (this.#known === undefined) await this.#asking;
    if (this.#known !== undefined) return { known: this.#known, trouble: this.#trouble };
    // The next one asks again.
    this.#askedAt = Number.NEGATIVE_INFINITY;
    throw this.#trouble;
  }

  async #ask(): Promise<void> {
    try {
      this.#known = await this.#client.list(API.listKeyValues, {}, { ownerId: this.#ownerId });
      this.#trouble = undefined;
    } catch (error) {
      if (!(error instanceof RenderApiError)) throw error;
      this.#trouble = error;
    } finally {
      this.#asking = undefined;
    }
  }
}

export interface SamplerOptions extends Omit<Subject, "deadline"> {
  readonly instances: Instances;
  readonly vantage: Vantage | "auto";
  /** For one sample. */
  readonly seconds: number;
  /** Seconds after which the oldest waiting job is too old. */
  readonly oldestJobSeconds: number;
}

/** Takes samples of one instance, for as long as one likes: what it keeps does not grow with their number. */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #program = sampling(new Queues());
  #instance: KeyValue | undefined;
  #connection: ConnectionInfo | undefined;
  #measured: Readonly<Record<string, string>> = {};
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  get expected() {
    return this.#options.expected;
  }

  /** Never fails for what Redis or Render's API do: that is in the sample. */
  sample(): Promise<Sample> {
    const { seconds, expected, oldestJobSeconds } = this.#options;
    const deadline = new Deadline(seconds * LOOK_SHARE);
    const take = async (signal: AbortSignal) => {
      const { instance, available } = await this.#find();
      const found = instance === undefined ? NOT_LOOKED : await this.#look(instance, deadline, signal);
      const measured = instance === undefined || "seen" in found ? {} : await this.#measure(instance, signal);
      const sample = judgeSample({ expected, instance, available, look: found, measured, oldestJobSeconds });
      return { ...sample, backupAt: backupOf(expected.environment, instance) };
    };
    return within(seconds * 1_000, take, this.#options.signal).finally(() => deadline.stop("done"));
  }

  /** The instance as Render shows it. While the API is away, as it was. */
  async #find(): Promise<{ readonly instance: KeyValue | undefined; readonly available: Result }> {
    try {
      const { known, trouble } = await this.#options.instances.all();
      this.#instance = await this.#findAmong(known);
      if (trouble !== undefined) throw trouble;
      const { status } = this.#instance;
      const evidence = { expected: "available", actual: status, source: "API" };
      const remedy = "See the instance's events in Render's dashboard.";
      return { instance: this.#instance, available: READY.includes(status) ? pass(evidence) : fail(evidence, remedy) };
    } catch (error) {
      if (error instanceof RenderApiError) {
        return { instance: this.#instance, available: unknown(error.message, ASK_AGAIN) };
      }
      if (!(error instanceof NoInstance)) throw error;
      this.#instance = undefined;
      const evidence = { expected: "available", actual: error.message, source: "API" };
      return { instance: undefined, available: fail(evidence, error.remedy) };
    }
  }

  /** @throws NoInstance, RenderApiError */
  async #findAmong(known: readonly KeyValue[]): Promise<KeyValue> {
    const { expected, client, ownerId, stackDirectory, signal } = this.#options;
    const id = this.#instance?.id;
    const isIt = (it: KeyValue) =>
      id === undefined ? it.name === expected.name && it.region === expected.region : it.id === id;
    const [found, ...others] = known.filter(isIt);
    if (found !== undefined && others.length === 0) return found;
    // A failover puts another in its place.
    this.#connection = undefined;
    const state = { directory: stackDirectory, known: () => readKnownIds(stackDirectory, signal) };
    return findInstance(client, expected, ownerId, state);
  }

  async #look(instance: KeyValue, deadline: Deadline, signal: AbortSignal): Promise<Look<Seen>> {
    const { client, vantage } = this.#options;
    const connectionInfo = async () => {
      this.#connection ??= await client.call(API.getConnectionInfo, { id: instance.id });
      return this.#connection;
    };
    try {
      const found = await look(this.#program, instance, vantage, {
        ...this.#options,
        deadline,
        signal,
        connectionInfo,
      });
      // Host or password may be other ones by now; that Redis is away says nothing of them.
      if ("obstacle" in found && found.obstacle.failure === "WRONGPASS") this.#connection = undefined;
      return found;
    } catch (error) {
      if (!(error instanceof RenderApiError)) throw error;
      return { vantage: "api-only", passedOver: [], obstacle: { reason: error.message, remedy: ASK_AGAIN } };
    }
  }

  /** What Render measured, in the names of INFO: asked at most once a minute. */
  async #measure({ id: resource }: KeyValue, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    if (performance.now() - this.#measuredAt < KEPT_MS || signal.aborted) return this.#measured;
    this.#measuredAt = performance.now();
    const read = async ([metric, field]: readonly [string, string]) => {
      const series = await this.#options.client.call(API.getMetric, { metric }, { resource });
      const value = series[0]?.values.at(-1)?.value;
      return value === undefined ? [] : [[field, String(Math.round(value))] as const];
    };
    try {
      this.#measured = Object.fromEntries((await Promise.all(Object.entries(METRICS).map(read))).flat());
    } catch (error) {
      if (!(error instanceof RenderApiError)) throw error;
      this.#measured = {};
    }
    return this.#measured;
  }
}

/** When the last backup of ours ended, by its evidence on this machine. */
function backupOf(environment: string, instance: KeyValue | undefined): number | undefined {
  const evidence = instance && readEvidence({ environment, operation: "backup", instanceId: instance.id });
  return evidence?.outcome === "good" ? Math.floor(Date.parse(evidence.endedAt) / 1_000) : undefined;
}

const NOT_LOOKED: Look<Seen> = {
  ...{ vantage: "api-only", passedOver: [] },
  obstacle: { reason: "the instance is not known", remedy: "See `available`." },
};
