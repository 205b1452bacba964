import type { Faults } from "../faults.ts";
import { badRequest, conflict, notFound } from "../http/error.ts";
import { sleep } from "../machine/sleep.ts";
import { newId } from "../state/ids.ts";
import type { DeployState, DeployStatus, ServiceState } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import { effectiveEnv } from "./effective-env.ts";
import type { EventLog } from "./event-log.ts";
import type { Services } from "./services.ts";

const UNFINISHED: readonly DeployStatus[] = [
  "created",
  "queued",
  "build_in_progress",
  "pre_deploy_in_progress",
  "update_in_progress",
];

export interface DeploysOptions {
  readonly store: Store;
  readonly services: Services;
  readonly faults: Faults;
  readonly events: EventLog;
  /** Milliseconds that building, and rolling out, takes besides what the process itself needs. */
  readonly delayMs: number;
}

/** Deploys. A service has one at a time; those asked for meanwhile wait in line. */
export class Deploys {
  readonly #options: DeploysOptions;
  readonly #lines = new Map<string, Promise<void>>();
  readonly #cancels = new Map<string, AbortController>();

  constructor(options: DeploysOptions) {
    this.#options = options;
  }

  /** What was under way when the last run ended is not taken up again. */
  open(): void {
    for (const deploy of this.#all) if (UNFINISHED.includes(deploy.status)) this.#finish(deploy, "canceled");
  }

  close(): void {
    for (const cancel of this.#cancels.values()) cancel.abort();
  }

  /** Newest first. */
  of(serviceId: string): DeployState[] {
    return this.#all.filter((deploy) => deploy.serviceId === serviceId).reverse();
  }

  get(serviceId: string, id: string): DeployState {
    const deploy = this.#all.find((candidate) => candidate.id === id && candidate.serviceId === serviceId);
    if (deploy === undefined) throw notFound(id);
    return deploy;
  }

  /** Begins a deploy. It returns at once. @throws ApiError when the service is suspended. */
  create(service: ServiceState, mode: DeployState["mode"], trigger: DeployState["trigger"]): DeployState {
    if (service.suspended) throw badRequest(`${service.id} is suspended. Resume it before deploying.`);
    const now = new Date().toISOString();
    const busy = this.of(service.id).some((deploy) => UNFINISHED.includes(deploy.status));
    const deploy: DeployState = {
      id: newId("dep"),
      serviceId: service.id,
      status: busy ? "queued" : "created",
      trigger,
      mode,
      startedAt: null,
      finishedAt: null,
      createdAt: now,
      updatedAt: now,
    };
    this.#all.push(deploy);
    this.#options.events.add(service.id, "deploy_started", { deployId: deploy.id });
    this.#options.store.save();
    const cancel = new AbortController();
    this.#cancels.set(deploy.id, cancel);
    const before = this.#lines.get(service.id) ?? Promise.resolve();
    const line = before.then(() => this.#run(service, deploy, cancel.signal));
    this.#lines.set(service.id, line);
    return deploy;
  }

  /** @throws ApiError when the deploy is over. */
  cancel(serviceId: string, id: string): DeployState {
    const deploy = this.get(serviceId, id);
    if (!UNFINISHED.includes(deploy.status)) throw conflict(`${id} is ${deploy.status} and cannot be canceled.`);
    this.#cancels.get(id)?.abort();
    this.#finish(deploy, "canceled");
    return deploy;
  }

  get #all(): DeployState[] {
    return this.#options.store.state.deploys;
  }

  async #run(service: ServiceState, deploy: DeployState, signal: AbortSignal): Promise<void> {
    try {
      this.#finish(deploy, await this.#outcome(service, deploy, signal));
    } finally {
      this.#cancels.delete(deploy.id);
    }
  }

  async #outcome(service: ServiceState, deploy: DeployState, signal: AbortSignal): Promise<DeployStatus> {
    const { store, services, faults, delayMs } = this.#options;
    if (signal.aborted) return "canceled";
    deploy.startedAt = new Date().toISOString();
    if (deploy.mode === "build_and_deploy") {
      this.#advance(deploy, "build_in_progress");
      if (!(await sleep(delayMs, signal))) return "canceled";
      if (faults.settings.deployFailure === "build_failed") return "build_failed";
    }
    // From here on later changes of variables and groups are for a later deploy.
    const deployed: ServiceState["deployed"] = {
      deployId: deploy.id,
      env: effectiveEnv(store.state, service),
      startCommand: service.serviceDetails.envSpecificDetails.startCommand,
      healthCheckPath: service.serviceDetails.healthCheckPath,
    };
    this.#advance(deploy, "update_in_progress");
    if (!(await sleep(delayMs, signal))) return "canceled";
    if (faults.settings.deployFailure !== null) return faults.settings.deployFailure;
    const failure = await services.running(service.id).replace(deployed, signal);
    if (failure !== undefined) return signal.aborted ? "canceled" : "update_failed";
    const before = this.of(service.id).find((candidate) => candidate.status === "live");
    if (before !== undefined) this.#advance(before, "deactivated");
    service.deployed = deployed;
    return "live";
  }

  #advance(deploy: DeployState, status: DeployStatus): void {
    deploy.status = status;
    deploy.updatedAt = new Date().toISOString();
    this.#options.store.save();
  }

  #finish(deploy: DeployState, status: DeployStatus): void {
    if (!UNFINISHED.includes(deploy.status)) return;
    deploy.finishedAt = new Date().toISOString();
    this.#options.events.add(deploy.serviceId, "deploy_ended", { deployId: deploy.id, status });
    this.#advance(deploy, status);
  }
}
