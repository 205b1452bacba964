import type { z } from "zod";
import type { EnvVar } from "../../../render/api/endpoints.ts";
import { parseRegion } from "../../../render/spellings.ts";
import type { RENDER_API } from "../api/endpoints.ts";
import type { Machine, ServiceRunner } from "../machine/machine.ts";
import { invalid, missing, readSetting } from "../state/refusal.ts";
import { type ServiceState, serviceDetails } from "../state/schema.ts";
import type { Stamp, Store } from "../state/store.ts";
import type { LogBook } from "./log-book.ts";
import { requireOwner } from "./owner.ts";
import { DETAILS_DEFAULTS, fullImagePath, mergeDetails, shownDetails } from "./service-details.ts";
import { byName, put, readVariable, readVariables, type VariableValue } from "./variables.ts";

const DASHBOARD_PATHS = {
  web_service: "web",
  private_service: "pserv",
  background_worker: "worker",
  cron_job: "cron",
  static_site: "static",
} as const;

export interface ServicesOptions {
  readonly store: Store;
  readonly machine: Machine;
  readonly logs: LogBook;
}

/** All services of the workspace: their settings, and the processes behind them. */
export class Services {
  readonly #options: ServicesOptions;
  readonly #running = new Map<string, ServiceRunner>();

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  /** Starts what was deployed when the last run ended, with the environment of that deploy. */
  async open(): Promise<void> {
    for (const service of this.#all.all) {
      const runner = await this.#run(service);
      // A service may need long to come up, or never do; the API need not wait for it.
      if (!service.suspended) void runner.replace(service.deployed, new AbortController().signal);
    }
  }

  async close(): Promise<void> {
    const runners = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(runners.map((runner) => runner.close()));
  }

  /** A service as the API shows it. Its `url` leads to the process that runs on this machine. */
  view(service: ServiceState) {
    const { repo, branch, buildFilter, imagePath, environmentId } = service;
    return {
      autoDeploy: service.autoDeploy,
      autoDeployTrigger: service.autoDeploy === "no" ? "off" : (service.autoDeployTrigger ?? "commit"),
      ...(branch === undefined ? {} : { branch }),
      ...(buildFilter?.paths || buildFilter?.ignoredPaths ? { buildFilter } : {}),
      createdAt: service.createdAt,
      dashboardUrl: `https://dashboard.render.com/${DASHBOARD_PATHS[service.type]}/${service.id}`,
      ...(environmentId === undefined ? {} : { environmentId }),
      id: service.id,
      ...(imagePath === undefined ? {} : { imagePath }),
      name: service.name,
      notifyOnFail: "default",
      ownerId: this.#options.store.settings.ownerId,
      ...(repo === undefined ? {} : { repo }),
      rootDir: service.rootDir,
      serviceDetails: {
        ...shownDetails(service),
        ...(service.type === "cron_job"
          ? {}
          : { sshAddress: `${service.id}@ssh.${service.serviceDetails.region}.render.com` }),
        ...addressOf(service),
      },
      slug: service.name,
      suspended: service.suspended ? "suspended" : "not_suspended",
      suspenders: service.suspended ? ["user"] : [],
      type: service.type,
      updatedAt: service.updatedAt,
    };
  }

  get(id: string): ServiceState {
    return this.#all.get(id);
  }

  running(id: string): ServiceRunner {
    const runner = this.#running.get(id);
    if (runner === undefined) throw missing(id);
    return runner;
  }

  /** Creates a service. Its first deploy is the caller's to begin. @throws Refusal */
  async create(asked: z.output<typeof RENDER_API.createService.sent>): Promise<ServiceState> {
    const { store } = this.#options;
    const { name, type, repo, branch, buildFilter, image, environmentId } = asked;
    requireOwner(store, asked.ownerId);
    const region = readSetting("region", () => parseRegion(asked.serviceDetails?.region ?? DETAILS_DEFAULTS.region));
    const details = mergeDetails(DETAILS_DEFAULTS, { ...asked.serviceDetails, region });
    const envVars = readVariables(asked.envVars);
    if (this.#all.all.some((service) => service.name === name)) {
      throw invalid(`the name "${name}" is already in use by another service`);
    }
    const make = (stamp: Stamp): ServiceState => ({
      ...stamp,
      name,
      type,
      autoDeploy: asked.autoDeploy ?? "yes",
      ...(repo === undefined ? {} : { repo }),
      ...(branch === undefined ? {} : { branch }),
      ...(buildFilter === undefined ? {} : { buildFilter }),
      ...(image === undefined ? {} : { imagePath: fullImagePath(image.imagePath) }),
      rootDir: asked.rootDir ?? "",
      ...(environmentId === undefined ? {} : { environmentId }),
      suspended: false,
      serviceDetails: details,
      publicPort: 0,
      envVars,
      deployed: { deployId: "", env: {}, startCommand: "", healthCheckPath: "" },
    });
    const service = this.#all.add(make, type === "cron_job" ? "crn" : "srv");
    await this.#run(service);
    return service;
  }

  update(id: string, asked: z.output<typeof RENDER_API.updateService.sent>): ServiceState {
    const service = this.get(id);
    const { image, serviceDetails: details, autoDeployTrigger, ...changes } = asked;
    // A service never moves; a region in a change is not looked at.
    const { region } = service.serviceDetails;
    return this.#all.update(service, {
      ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
      ...(image === undefined ? {} : { imagePath: fullImagePath(image.imagePath) }),
      ...(autoDeployTrigger === undefined
        ? {}
        : { autoDeployTrigger, autoDeploy: autoDeployTrigger === "off" ? ("no" as const) : ("yes" as const) }),
      serviceDetails: { ...mergeDetails(service.serviceDetails, { ...details, region }), region },
    });
  }

  async delete(id: string): Promise<void> {
    const service = this.get(id);
    const runner = this.running(id);
    const { envGroups } = this.#options.store;
    this.#all.delete(service);
    for (const group of envGroups.all) {
      envGroups.note(group, { serviceIds: group.serviceIds.filter((serviceId) => serviceId !== id) });
    }
    this.#running.delete(id);
    await runner.close();
  }

  async suspend(id: string): Promise<void> {
    this.#all.note(this.get(id), { suspended: true });
    await this.running(id).stop();
  }

  /** Starts what was deployed last, as {@link restart} does. */
  resume(id: string): void {
    this.#all.note(this.get(id), { suspended: false });
    this.restart(id);
  }

  /** Replaces the process by a new one of the same deploy: changed variables do not reach it. */
  restart(id: string): void {
    const service = this.get(id);
    if (service.suspended) throw invalid(`${id} is suspended. Resume it first.`);
    void this.running(id).replace(service.deployed, new AbortController().signal);
  }

  /** Changes a part of the details; `undefined` removes it. */
  setDetails(id: string, details: Readonly<Record<string, unknown>>): void {
    const service = this.get(id);
    const merged = Object.entries({ ...service.serviceDetails, ...details });
    const kept = Object.fromEntries(merged.filter(([, value]) => value !== undefined));
    this.#all.note(service, { serviceDetails: serviceDetails.parse(kept) });
  }

  setVariables(id: string, asked: Parameters<typeof readVariables>[0]): EnvVar[] {
    return this.#all.note(this.get(id), { envVars: readVariables(asked) }).envVars;
  }

  variable(id: string, key: string): EnvVar {
    return byName(this.get(id).envVars, "key", key);
  }

  setVariable(id: string, key: string, value: VariableValue): EnvVar {
    const service = this.get(id);
    const variable = readVariable(key, value);
    this.#all.note(service, { envVars: put(service.envVars, "key", variable) });
    return variable;
  }

  deleteVariable(id: string, key: string): void {
    const service = this.get(id);
    const gone = this.variable(id, key);
    this.#all.note(service, { envVars: service.envVars.filter((variable) => variable !== gone) });
  }

  get #all() {
    return this.#options.store.services;
  }

  async #run(service: ServiceState): Promise<ServiceRunner> {
    const { machine, logs } = this.#options;
    const runner = machine.service(service, (line, stream) => logs.write(service.id, line, stream));
    this.#running.set(service.id, runner);
    this.#all.note(service, { publicPort: await runner.open(service.publicPort) });
    return runner;
  }
}

/** Where a service is reached: from outside at the process on this machine, inside by its name, or nowhere. */
function addressOf({ type, name, publicPort }: ServiceState): { readonly url?: string } {
  if (type === "web_service" || type === "static_site") return { url: `http://127.0.0.1:${publicPort}` };
  return type === "private_service" ? { url: `${name}:10000` } : {};
}
