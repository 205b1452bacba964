import type { z } from "zod";
import { badRequest, notFound } from "../http/error.ts";
import type { PrivateNetwork } from "../machine/private-network.ts";
import { ServiceRuntime } from "../machine/service-runtime.ts";
import type { Supervisor } from "../machine/supervisor.ts";
import { newId } from "../state/ids.ts";
import type { EnvVar, SecretFile, ServiceState, serviceDetails } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import type { LogBook } from "./log-book.ts";

export interface ServicesOptions {
  readonly store: Store;
  readonly supervisor: Supervisor;
  readonly network: PrivateNetwork;
  readonly logs: LogBook;
}

export interface NewService {
  readonly name: string;
  readonly type: ServiceState["type"];
  readonly autoDeploy: ServiceState["autoDeploy"];
  readonly repo: string | undefined;
  readonly branch: string | undefined;
  readonly imagePath: string | undefined;
  readonly rootDir: string;
  readonly environmentId: string | undefined;
  readonly serviceDetails: z.infer<typeof serviceDetails>;
  readonly envVars: readonly EnvVar[];
  readonly secretFiles: readonly SecretFile[];
}

/** All services of the workspace: their settings, and the processes behind them. */
export class Services {
  readonly #options: ServicesOptions;
  readonly #running = new Map<string, ServiceRuntime>();

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  /** Starts what was deployed when the last run ended, with the environment of that deploy. */
  async open(): Promise<void> {
    for (const service of this.all) {
      const runtime = await this.#run(service);
      // A service may need long to come up, or never do; the API need not wait for it.
      if (!service.suspended) void runtime.replace(service.deployed, new AbortController().signal);
    }
    this.#options.store.save();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map((runtime) => runtime.close()));
  }

  get all(): ServiceState[] {
    return this.#options.store.state.services;
  }

  /** @throws ApiError when there is no such service. */
  get(id: string): ServiceState {
    const service = this.all.find((candidate) => candidate.id === id);
    if (service === undefined) throw notFound(id);
    return service;
  }

  running(id: string): ServiceRuntime {
    const runtime = this.#running.get(id);
    if (runtime === undefined) throw notFound(id);
    return runtime;
  }

  /** Creates a service. Its first deploy is the caller's to begin. */
  async create(settings: NewService): Promise<ServiceState> {
    const { repo, branch, imagePath, environmentId, envVars, secretFiles, ...others } = settings;
    if (this.all.some((service) => service.name === settings.name)) {
      throw badRequest(`the name "${settings.name}" is already in use by another service`);
    }
    const now = new Date().toISOString();
    const service: ServiceState = {
      id: newId("srv"),
      ...others,
      ...(repo === undefined ? {} : { repo }),
      ...(branch === undefined ? {} : { branch }),
      ...(imagePath === undefined ? {} : { imagePath }),
      ...(environmentId === undefined ? {} : { environmentId }),
      suspended: false,
      publicPort: 0,
      envVars: [...envVars],
      secretFiles: [...secretFiles],
      customDomains: [],
      notificationOverride: { notificationsToSend: "default", previewNotificationsEnabled: "default" },
      deployed: { deployId: "", env: {}, startCommand: "", healthCheckPath: "" },
      createdAt: now,
      updatedAt: now,
    };
    this.all.push(service);
    await this.#run(service);
    this.#options.store.save();
    return service;
  }

  async delete(id: string): Promise<void> {
    const service = this.get(id);
    const runtime = this.running(id);
    const { store } = this.#options;
    this.all.splice(this.all.indexOf(service), 1);
    for (const group of store.state.envGroups) {
      group.serviceIds = group.serviceIds.filter((serviceId) => serviceId !== id);
    }
    store.save();
    this.#running.delete(id);
    await runtime.close();
  }

  async suspend(id: string): Promise<void> {
    this.get(id).suspended = true;
    this.#options.store.save();
    await this.running(id).stop();
  }

  /** Starts what was deployed last, as {@link restart} does. */
  resume(id: string): void {
    this.get(id).suspended = false;
    this.#options.store.save();
    this.restart(id);
  }

  /** Replaces the process by a new one of the same deploy: changed variables do not reach it. */
  restart(id: string): void {
    const service = this.get(id);
    if (service.suspended) throw badRequest(`${id} is suspended. Resume it first.`);
    void this.running(id).replace(service.deployed, new AbortController().signal);
  }

  async #run(service: ServiceState): Promise<ServiceRuntime> {
    const { supervisor, network, logs } = this.#options;
    const runtime = new ServiceRuntime({ service, supervisor, network, logs });
    this.#running.set(service.id, runtime);
    await runtime.open();
    return runtime;
  }
}
