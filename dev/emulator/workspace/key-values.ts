import type { z } from "zod";
import { INTERNAL_PORT } from "../../../render/internal-url.ts";
import { isDowngrade, type Plan, parsePlan, planFacts } from "../../../render/plans.ts";
import { EVICTION_POLICIES, PERSISTENCE_MODES, type PersistenceMode, parseRegion } from "../../../render/spellings.ts";
import { notOneOf } from "../../../runtime/errors.ts";
import { sleep } from "../../../runtime/wait.ts";
import type { RENDER_API } from "../api/endpoints.ts";
import type { InstanceServer, Machine } from "../machine/machine.ts";
import { newSecret } from "../state/ids.ts";
import { conflict, invalid, missing, readSetting } from "../state/refusal.ts";
import type { KeyValueState, KeyValueStatus } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import type { EventLog } from "./event-log.ts";
import type { Faults } from "./faults.ts";
import type { LogBook } from "./log-book.ts";
import { ownerView, requireOwner } from "./owner.ts";

const PASSWORD_LENGTH = 32;
/** A workspace has one free instance. */
const FREE_INSTANCES = 1;
/** What Render takes when the request names none. */
const DEFAULTS = { region: "oregon", maxmemoryPolicy: "allkeys_lru" } as const;

type NewKeyValue = z.output<typeof RENDER_API.createKeyValue.sent>;
type KeyValueChange = z.output<typeof RENDER_API.updateKeyValue.sent>;

export interface KeyValuesOptions {
  readonly store: Store;
  readonly machine: Machine;
  readonly faults: Faults;
  readonly logs: LogBook;
  readonly events: EventLog;
  /** Where instances are reached from outside. */
  readonly gateway: { readonly host: string; readonly port: number };
}

/** All Key Value instances of the workspace: their settings, and the servers behind them. */
export class KeyValues {
  readonly #options: KeyValuesOptions;
  readonly #running = new Map<string, InstanceServer>();
  /** The ends of the instances that are deleted already. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: KeyValuesOptions) {
    this.#options = options;
  }

  /** Starts the servers of the instances that there are already. Fulfilled once those that were up are up again. */
  async open(): Promise<void> {
    const starting = this.#all.all.map((state) => {
      const instance = this.#run(state);
      if (state.status === "suspended") return undefined;
      if (state.status !== "creating") return instance.start(0);
      void instance.start();
      return undefined;
    });
    await Promise.all(starting);
  }

  async close(): Promise<void> {
    const instances = [...this.#running.values()];
    this.#running.clear();
    await Promise.all([...this.#leaving, ...instances.map((instance) => instance.close())]);
  }

  get #all() {
    return this.#options.store.keyValues;
  }

  /** What runs behind an instance. @throws Refusal when there is no such instance. */
  running(id: string): InstanceServer {
    const instance = this.#running.get(id);
    if (instance === undefined) throw missing(id);
    return instance;
  }

  /** An instance as the API shows it. */
  view(state: KeyValueState) {
    const { id, name, region, status, environmentId, createdAt, updatedAt, ipAllowList } = state;
    const alias = planFacts(state.plan)?.aliases[0];
    return {
      createdAt,
      ...(environmentId === undefined ? {} : { environmentId }),
      id,
      ipAllowList: ipAllowList.length === 0 ? null : ipAllowList,
      name,
      // The real provider reads both fields without asking whether they are there.
      options: { maxmemoryPolicy: state.maxmemoryPolicy, persistenceMode: state.persistenceMode },
      owner: ownerView(this.#options.store),
      plan: this.#options.faults.settings.newPlanNames ? (alias ?? state.plan) : state.plan,
      region,
      status,
      updatedAt,
      version: this.#options.machine.serverVersion,
    };
  }

  connectionInfo(instanceId: string) {
    const { id, password, internalAuthentication } = this.#all.get(instanceId);
    const { host, port } = this.#options.gateway;
    const credentials = internalAuthentication ? `${id}:${password}@` : "";
    return {
      internalConnectionString: `redis://${credentials}${id}:${INTERNAL_PORT}`,
      externalConnectionString: `rediss://${id}:${password}@${host}:${port}`,
      // Render, too, begins it with a space, so that shells keep it out of their history.
      cliCommand: ` REDISCLI_AUTH=${password} valkey-cli --user ${id} -h ${host} -p ${port} --tls`,
    };
  }

  /** Creates an instance. It returns at once; the server comes up later. @throws Refusal */
  create(asked: NewKeyValue): KeyValueState {
    const { store } = this.#options;
    const plan = readSetting("plan", () => parsePlan(asked.plan));
    const region = readSetting("region", () => parseRegion(asked.region ?? DEFAULTS.region));
    const policy = oneOf("maxmemoryPolicy", EVICTION_POLICIES, asked.maxmemoryPolicy) ?? DEFAULTS.maxmemoryPolicy;
    const persistence = oneOf("persistenceMode", PERSISTENCE_MODES, asked.persistenceMode);
    requireOwner(store, asked.ownerId);
    const environmentId = asked.environmentId === undefined ? {} : { environmentId: asked.environmentId };
    if (asked.environmentId !== undefined) store.environments.get(asked.environmentId);
    if (plan === "free" && this.#all.all.filter((instance) => instance.plan === "free").length >= FREE_INSTANCES) {
      throw invalid("cannot have more than one free Key Value instance in a workspace. Choose a paid plan.");
    }
    const persistenceMode = persistenceOn(plan, persistence);
    const state = this.#all.add((stamp) => ({
      ...stamp,
      name: asked.name,
      plan,
      region,
      status: "creating",
      ...environmentId,
      maxmemoryPolicy: policy,
      persistenceMode,
      ipAllowList: asked.ipAllowList ?? [],
      password: newSecret(PASSWORD_LENGTH),
      internalAuthentication: false,
    }));
    void this.#run(state).start();
    return state;
  }

  /** Changes an instance, and restarts it where Render does. @throws Refusal */
  update(id: string, changes: KeyValueChange): KeyValueState {
    const state = this.#all.get(id);
    const { plan: before } = state;
    const plan = changes.plan === undefined ? before : readSetting("plan", () => parsePlan(changes.plan ?? ""));
    if (isDowngrade(before, plan)) {
      throw invalid(
        `cannot downgrade a Key Value instance from ${before} to ${plan}. Create a new instance and move the data.`,
      );
    }
    const leavesFree = before === "free" && plan !== "free";
    const policy = oneOf("maxmemoryPolicy", EVICTION_POLICIES, changes.maxmemoryPolicy) ?? state.maxmemoryPolicy;
    const asked = oneOf("persistenceMode", PERSISTENCE_MODES, changes.persistenceMode);
    const persistence = persistenceOn(plan, asked ?? (leavesFree ? undefined : state.persistenceMode));
    const replans = plan !== before;
    const reconfigures = policy !== state.maxmemoryPolicy || persistence !== state.persistenceMode;
    if ((replans || reconfigures) && state.status === "suspended") {
      throw conflict(`${id} is suspended. Resume it before changing its plan, policy or persistence.`);
    }
    const wipes = leavesFree || (persistence === "off") !== (state.persistenceMode === "off");
    this.#all.update(state, {
      name: changes.name ?? state.name,
      plan,
      maxmemoryPolicy: policy,
      persistenceMode: persistence,
      ipAllowList: changes.ipAllowList ?? state.ipAllowList,
    });
    if (replans || reconfigures) void this.#restartLate(state, replans ? "updating_instance" : "config_restart", wipes);
    return state;
  }

  /** The dashboard's switch, for which Render has no API. It restarts the instance. */
  setInternalAuthentication(id: string, enabled: boolean): void {
    const state = this.#all.get(id);
    if (state.internalAuthentication === enabled) return;
    this.#all.note(state, { internalAuthentication: enabled });
    this.#restart(state, "config_restart", false);
  }

  suspend(id: string): void {
    this.#setStatus(this.#all.get(id), "suspended");
    void this.running(id).suspend();
  }

  resume(id: string): void {
    const state = this.#all.get(id);
    if (state.status !== "suspended") return;
    this.#setStatus(state, "creating");
    void this.running(id).start();
  }

  /** Deletes an instance and its data. */
  delete(id: string): void {
    const state = this.#all.get(id);
    const { store, machine } = this.#options;
    const instance = this.running(id);
    this.#all.delete(state);
    store.change({ logStreams: store.settings.logStreams.filter((stream) => stream.resourceId !== id) });
    this.#running.delete(id);
    machine.forget(state);
    const leaving = instance.delete().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  async #restartLate(state: KeyValueState, status: KeyValueStatus, wipe: boolean): Promise<void> {
    const { lateUpdateMs } = this.#options.faults.settings;
    if (lateUpdateMs > 0) await sleep(lateUpdateMs);
    if (this.#running.has(state.id)) this.#restart(state, status, wipe);
  }

  #restart(state: KeyValueState, status: KeyValueStatus, wipe: boolean): void {
    // An instance that was never available stays in creation, as in the recorded answers.
    if (state.status !== "creating") this.#all.note(state, { status });
    this.#options.events.add(state.id, "key_value_config_restart", { reason: status, message: "settings changed" });
    void this.running(state.id).restart(wipe);
  }

  #run(state: KeyValueState): InstanceServer {
    const { machine, faults, logs } = this.#options;
    const instance = machine.instance(state, {
      stuck: () => faults.settings.stuckCreating,
      onStatus: (status) => this.#setStatus(state, status),
      onLine: (line, stream) => logs.write(state.id, line, stream),
    });
    this.#running.set(state.id, instance);
    return instance;
  }

  #setStatus(state: KeyValueState, status: KeyValueStatus): void {
    const resting = state.status === "suspended" && status !== "creating";
    if (state.status === status || resting || !this.#running.has(state.id)) return;
    this.#all.note(state, { status });
    if (status === "available") this.#options.events.add(state.id, "key_value_available", {});
    if (status === "unavailable") this.#options.events.add(state.id, "key_value_unhealthy", {});
  }
}

/** The persistence that an instance gets on a plan. @throws Refusal when the plan does not have the mode. */
function persistenceOn(plan: Plan, asked: PersistenceMode | undefined): PersistenceMode {
  const available = planFacts(plan)?.persistence ?? PERSISTENCE_MODES;
  if (asked === undefined) return available[0];
  if (available.some((mode) => mode === asked)) return asked;
  throw invalid(`\`persistenceMode\` must be ${available.join(" or ")} on plan ${plan}, got: "${asked}"`);
}

/** Render's API takes its own spelling only, where this project's files take several. */
function oneOf<const T extends string>(field: string, allowed: readonly T[], text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw invalid(`\`${field}\` ${notOneOf(allowed, text).message}`);
  return found;
}
