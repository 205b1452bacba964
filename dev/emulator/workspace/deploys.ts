import type { z } from "zod";
import type { deploy as deploySchema } from "../../../render/api/endpoints.ts";
import { sleep } from "../../../runtime/wait.ts";
import type { RENDER_API } from "../api/endpoints.ts";
import { conflict, invalid, missing } from "../state/refusal.ts";
import type { DeployState, DeployStatus, ServiceState } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import type { EventLog } from "./event-log.ts";
import type { Faults } from "./faults.ts";
import type { Services } from "./services.ts";
import { effectiveEnv } from "./variables.ts";

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

/** Deploys. A service has one at a time: one that is asked for meanwhile cancels it or waits in line, as is set. */
export class Deploys {
  readonly #options: DeploysOptions;
  readonly #lines = new Map<string, Promise<void>>();
  readonly #cancels = new Map<string, AbortController>();
  readonly #unlisted = new Set<string>();

  constructor(options: DeploysOptions) {
    this.#options = options;
  }

  /** What was under way when the last run ended is not taken up again. */
  open(): void {
    for (const deploy of this.#all.all) if (UNFINISHED.includes(deploy.status)) this.#finish(deploy, "canceled");
  }

  close(): void {
    for (const cancel of this.#cancels.values()) cancel.abort();
  }

  /** Newest first. */
  of(serviceId: string): DeployState[] {
    return this.#all.newest.filter((deploy) => deploy.serviceId === serviceId);
  }

  /** As the API lists them: one that was accepted without a body only after a while. */
  listed(serviceId: string): DeployState[] {
    return this.of(serviceId).filter(({ id }) => !this.#unlisted.has(id));
  }

  get(serviceId: string, id: string): DeployState {
    const deploy = this.#all.get(id);
    if (deploy.serviceId !== serviceId) throw missing(id);
    return deploy;
  }

  /** A deploy as the API shows it. */
  view(deploy: DeployState): z.input<typeof deploySchema> {
    const { id, status, trigger, createdAt, startedAt, updatedAt, finishedAt } = deploy;
    const service = this.#options.store.services.get(deploy.serviceId);
    const source =
      service.imagePath === undefined
        ? { commit: { id: "0".repeat(40), message: "local", createdAt: service.createdAt } }
        : { commit: null, image: { ref: service.imagePath, sha: `sha256:${"0".repeat(64)}` } };
    const view = { id, ...source, status, trigger, createdAt, startedAt, updatedAt, finishedAt };
    return view;
  }

  /** Begins the deploy that a caller asks for. It is `undefined` where Render does not say which one. @throws Refusal */
  begin(service: ServiceState, asked: z.output<typeof RENDER_API.startDeploy.sent>): DeployState | undefined {
    const { deployMode, clearCache, commitId, imageUrl } = asked;
    if (deployMode !== undefined && [clearCache, commitId, imageUrl].some((other) => other !== undefined)) {
      throw invalid("`deployMode` cannot be combined with `commitId`, `imageUrl` or `clearCache`");
    }
    const deploy = this.create(service, deployMode ?? "build_and_deploy", "api");
    if (!this.#options.faults.settings.deployAccepted) return deploy;
    this.#unlisted.add(deploy.id);
    void sleep(this.#options.delayMs).then(() => this.#unlisted.delete(deploy.id));
    return undefined;
  }

  /** Begins a deploy. It returns at once. @throws Refusal when the service is suspended. */
  create(service: ServiceState, mode: DeployState["mode"], trigger: DeployState["trigger"]): DeployState {
    if (service.suspended) throw invalid(`${service.id} is suspended. Resume it before deploying.`);
    const inProgress = this.of(service.id).filter(({ status }) => UNFINISHED.includes(status));
    const waits = inProgress.length > 0 && this.#options.faults.settings.overlappingDeploys === "wait";
    if (!waits) this.cancelAll(service.id);
    const deploy = this.#all.add((stamp) => ({
      ...stamp,
      serviceId: service.id,
      status: waits ? "queued" : "created",
      trigger,
      mode,
      startedAt: null,
      finishedAt: null,
    }));
    this.#options.events.add(service.id, "deploy_started", { deployId: deploy.id });
    const cancel = new AbortController();
    this.#cancels.set(deploy.id, cancel);
    const before = this.#lines.get(service.id) ?? Promise.resolve();
    const line = before.then(() => this.#run(service, deploy, cancel.signal));
    this.#lines.set(service.id, line);
    return deploy;
  }

  /** @throws Refusal when the deploy is over. */
  cancel(serviceId: string, id: string): DeployState {
    const deploy = this.get(serviceId, id);
    if (!UNFINISHED.includes(deploy.status)) throw conflict(`${id} is ${deploy.status} and cannot be canceled.`);
    this.#cancels.get(id)?.abort();
    this.#finish(deploy, "canceled");
    return deploy;
  }

  /** Cancels what is in progress or waits, as when the service is deleted. */
  cancelAll(serviceId: string): void {
    for (const { id, status } of this.of(serviceId)) if (UNFINISHED.includes(status)) this.cancel(serviceId, id);
  }

  get #all() {
    return this.#options.store.deploys;
  }

  async #run(service: ServiceState, deploy: DeployState, signal: AbortSignal): Promise<void> {
    try {
      this.#finish(deploy, await this.#outcome(service, deploy, signal));
    } catch {
      // Whatever it was, it must not end the emulator.
      this.#finish(deploy, "update_failed");
    } finally {
      this.#cancels.delete(deploy.id);
    }
  }

  async #outcome(service: ServiceState, deploy: DeployState, signal: AbortSignal): Promise<DeployStatus> {
    const { store, services, faults, delayMs } = this.#options;
    if (signal.aborted) return "canceled";
    this.#all.note(deploy, { startedAt: new Date().toISOString() });
    if (deploy.mode === "build_and_deploy") {
      this.#advance(deploy, "build_in_progress");
      if (!(await sleep(delayMs, signal))) return "canceled";
      if (faults.settings.deployFailure === "build_failed") return "build_failed";
    }
    // From here on later changes of variables and groups are for a later deploy.
    const deployed: ServiceState["deployed"] = {
      deployId: deploy.id,
      env: effectiveEnv(store, service),
      startCommand: service.serviceDetails.envSpecificDetails.startCommand,
      healthCheckPath: service.serviceDetails.healthCheckPath,
    };
    this.#advance(deploy, "update_in_progress");
    if (!(await sleep(delayMs, signal))) return "canceled";
    const { deployFailure } = faults.settings;
    // What reuses a build does not fail at building.
    if (deployFailure !== null && deployFailure !== "build_failed") return deployFailure;
    const failure = await services.running(service.id).replace(deployed, signal);
    if (failure !== undefined) return signal.aborted ? "canceled" : "update_failed";
    const before = this.of(service.id).find((candidate) => candidate.status === "live");
    if (before !== undefined) this.#advance(before, "deactivated");
    store.services.note(service, { deployed });
    return "live";
  }

  #advance(deploy: DeployState, status: DeployStatus): void {
    this.#all.update(deploy, { status });
  }

  #finish(deploy: DeployState, status: DeployStatus): void {
    if (!UNFINISHED.includes(deploy.status)) return;
    this.#all.update(deploy, { status, finishedAt: new Date().toISOString() });
    this.#options.events.add(deploy.serviceId, "deploy_ended", { deployId: deploy.id, status });
  }
}
