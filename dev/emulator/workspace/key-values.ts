import { join } from "node:path";
import { isDowngrade, type NamedPlan, planFacts } from "../../../render/plans.ts";
import type { EvictionPolicy, PersistenceMode, Region } from "../../../render/spellings.ts";
import type { Faults } from "../faults.ts";
import { badRequest, conflict, notFound } from "../http/error.ts";
import { Instance } from "../machine/instance.ts";
import type { PrivateNetwork } from "../machine/private-network.ts";
import type { RedisBinary } from "../machine/redis-binary.ts";
import type { Supervisor } from "../machine/supervisor.ts";
import { newId, newSecret } from "../state/ids.ts";
import type { KeyValueState, KeyValueStatus } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import type { EventLog } from "./event-log.ts";
import type { LogBook } from "./log-book.ts";

const PASSWORD_LENGTH = 32;
/** A workspace has one free instance. */
const FREE_INSTANCES = 1;

export interface KeyValuesOptions {
  readonly store: Store;
  readonly network: PrivateNetwork;
  readonly supervisor: Supervisor;
  readonly binary: RedisBinary;
  readonly faults: Faults;
  readonly logs: LogBook;
  readonly events: EventLog;
  readonly delayMs: number;
}

export interface NewInstance {
  readonly name: string;
  readonly plan: NamedPlan;
  readonly region: Region;
  readonly maxmemoryPolicy: EvictionPolicy;
  readonly persistenceMode: PersistenceMode | undefined;
  readonly ipAllowList: KeyValueState["ipAllowList"];
  readonly environmentId: string | undefined;
}

export interface InstanceChanges {
  readonly name?: string | undefined;
  readonly plan?: NamedPlan | undefined;
  readonly maxmemoryPolicy?: EvictionPolicy | undefined;
  readonly persistenceMode?: PersistenceMode | undefined;
  readonly ipAllowList?: KeyValueState["ipAllowList"] | undefined;
}

/** All Key Value instances of the workspace: their settings, and the servers behind them. */
export class KeyValues {
  readonly #options: KeyValuesOptions;
  readonly #running = new Map<string, Instance>();
  /** What ends the instances that are deleted already. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: KeyValuesOptions) {
    this.#options = options;
  }

  /** Starts the servers of the instances that there are already. Fulfilled once those that were up are up again. */
  async open(): Promise<void> {
    const starting = this.all.map((state) => {
      const instance = this.#run(state);
      if (state.status === "suspended") return undefined;
      if (state.status !== "creating") return instance.start(0);
      void instance.start();
      return undefined;
    });
    await Promise.all(starting);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#leaving, ...[...this.#running.values()].map((instance) => instance.close())]);
  }

  get all(): KeyValueState[] {
    return this.#options.store.state.keyValues;
  }

  get version(): string {
    return this.#options.binary.version;
  }

  /** @throws ApiError when there is no such instance. */
  get(id: string): KeyValueState {
    const state = this.all.find((candidate) => candidate.id === id);
    if (state === undefined) throw notFound(id);
    return state;
  }

  /** What runs behind an instance. @throws ApiError when there is no such instance. */
  running(id: string): Instance {
    const instance = this.#running.get(id);
    if (instance === undefined) throw notFound(id);
    return instance;
  }

  /** Creates an instance. It returns at once; the server comes up later. @throws ApiError when Render would refuse. */
  create(settings: NewInstance): KeyValueState {
    const { plan } = settings;
    if (plan === "free" && this.all.filter((instance) => instance.plan === "free").length >= FREE_INSTANCES) {
      throw badRequest("cannot have more than one free Key Value instance in a workspace. Choose a paid plan.");
    }
    const now = new Date().toISOString();
    const state: KeyValueState = {
      id: newId("red"),
      name: settings.name,
      plan,
      region: settings.region,
      status: "creating",
      ...(settings.environmentId === undefined ? {} : { environmentId: settings.environmentId }),
      maxmemoryPolicy: settings.maxmemoryPolicy,
      persistenceMode: persistenceOn(plan, settings.persistenceMode),
      ipAllowList: settings.ipAllowList,
      password: newSecret(PASSWORD_LENGTH),
      internalAuthentication: false,
      createdAt: now,
      updatedAt: now,
    };
    this.all.push(state);
    this.#options.store.save();
    void this.#run(state).start();
    return state;
  }

  /** Changes an instance, and restarts it where Render does. @throws ApiError when Render would refuse. */
  update(id: string, changes: InstanceChanges): KeyValueState {
    const state = this.get(id);
    const plan = changes.plan ?? state.plan;
    if (isDowngrade(state.plan, plan)) {
      throw badRequest(
        `cannot downgrade a Key Value instance from ${state.plan} to ${plan}. Create a new instance and move the data.`,
      );
    }
    const leavesFree = state.plan === "free" && plan !== "free";
    const policy = changes.maxmemoryPolicy ?? state.maxmemoryPolicy;
    const asked = changes.persistenceMode ?? (leavesFree ? undefined : state.persistenceMode);
    const persistence = persistenceOn(plan, asked);
    const replans = plan !== state.plan;
    const reconfigures = policy !== state.maxmemoryPolicy || persistence !== state.persistenceMode;
    if ((replans || reconfigures) && state.status === "suspended") {
      throw conflict(`${id} is suspended. Resume it before changing its plan, policy or persistence.`);
    }
    const wipes = leavesFree || (persistence === "off") !== (state.persistenceMode === "off");
    Object.assign(state, {
      name: changes.name ?? state.name,
      plan,
      maxmemoryPolicy: policy,
      persistenceMode: persistence,
      ipAllowList: changes.ipAllowList ?? state.ipAllowList,
      updatedAt: new Date().toISOString(),
    });
    if (replans || reconfigures) this.#restart(state, replans ? "updating_instance" : "config_restart", wipes);
    this.#options.store.save();
    return state;
  }

  /** The dashboard's switch, for which Render has no API. It restarts the instance. */
  setInternalAuthentication(id: string, enabled: boolean): void {
    const state = this.get(id);
    if (state.internalAuthentication === enabled) return;
    state.internalAuthentication = enabled;
    this.#restart(state, "config_restart", false);
    this.#options.store.save();
  }

  suspend(id: string): void {
    this.#setStatus(this.get(id), "suspended");
    void this.running(id).suspend();
  }

  resume(id: string): void {
    const state = this.get(id);
    if (state.status !== "suspended") return;
    this.#setStatus(state, "creating");
    void this.running(id).start();
  }

  /** Deletes an instance and its data. */
  delete(id: string): void {
    const state = this.get(id);
    const instance = this.running(id);
    const { store, network } = this.#options;
    this.all.splice(this.all.indexOf(state), 1);
    store.save();
    this.#running.delete(id);
    network.leave(state.region, id);
    const leaving = instance.delete().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  #restart(state: KeyValueState, status: KeyValueStatus, wipe: boolean): void {
    // An instance that never was available goes on being created; the recorded answers show it so.
    if (state.status !== "creating") state.status = status;
    this.#options.events.add(state.id, "key_value_config_restart", { reason: status, message: "settings changed" });
    void this.running(state.id).restart(wipe);
  }

  #run(state: KeyValueState): Instance {
    const { network, binary, supervisor, faults, logs, store } = this.#options;
    const instance = new Instance({
      state,
      command: binary.command,
      socket: network.join(state.region, state.id),
      dataRoot: join(store.directory, "key-value"),
      supervisor,
      delayMs: this.#options.delayMs,
      stuck: () => faults.settings.stuckCreating,
      onStatus: (status) => this.#setStatus(state, status),
      onLine: (line) => logs.write(state.id, line, "stdout"),
    });
    this.#running.set(state.id, instance);
    return instance;
  }

  #setStatus(state: KeyValueState, status: KeyValueStatus): void {
    const resting = state.status === "suspended" && status !== "creating";
    if (state.status === status || resting || !this.#running.has(state.id)) return;
    state.status = status;
    if (status === "available") this.#options.events.add(state.id, "key_value_available", {});
    if (status === "unavailable") this.#options.events.add(state.id, "key_value_unhealthy", {});
    this.#options.store.save();
  }
}

/** The persistence that an instance gets on a plan. @throws ApiError when the plan has not the mode asked for. */
function persistenceOn(plan: NamedPlan, asked: PersistenceMode | undefined): PersistenceMode {
  const available = planFacts(plan)?.persistence ?? ["off"];
  if (asked === undefined) return available[0];
  if (available.some((mode) => mode === asked)) return asked;
  throw badRequest(`\`persistenceMode\` must be ${available.join(" or ")} on plan ${plan}, got: "${asked}"`);
}
