import type { ServiceState } from "../state/schema.ts";
import { insideEnvironment } from "../workspace/inside.ts";
import type { LogBook } from "../workspace/log-book.ts";
import type { PrivateNetwork } from "./private-network.ts";
import { PublicAddress } from "./public-address.ts";
import { ServiceProcess } from "./service-process.ts";
import { sleep } from "./sleep.ts";
import type { Supervisor } from "./supervisor.ts";

/** Render waits a quarter of an hour. */
const HEALTH_DEADLINE_MS = 30_000;
const CRASH_PAUSE_MS = 1_000;

export interface ServiceRuntimeOptions {
  readonly service: ServiceState;
  readonly supervisor: Supervisor;
  readonly network: PrivateNetwork;
  readonly logs: LogBook;
}

/** What runs behind one service: its process, and the public address that leads to it. */
export class ServiceRuntime {
  readonly #options: ServiceRuntimeOptions;
  readonly #address = new PublicAddress();
  readonly #closing = new AbortController();
  readonly #replacing = new Set<Promise<unknown>>();
  #live: ServiceProcess | undefined;

  constructor(options: ServiceRuntimeOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { service } = this.#options;
    service.publicPort = await this.#address.open(service.publicPort);
  }

  /**
   * Starts a process with what is to be deployed, and puts it in the place of the one before, which is asked to end.
   *
   * @returns Why it failed, in which case the one before goes on; `undefined` when it is live.
   */
  replace(deployed: ServiceState["deployed"], signal: AbortSignal): Promise<string | undefined> {
    const replacing = this.#replace(deployed, signal).finally(() => this.#replacing.delete(replacing));
    this.#replacing.add(replacing);
    return replacing;
  }

  async #replace(deployed: ServiceState["deployed"], signal: AbortSignal): Promise<string | undefined> {
    const next = await this.#start(deployed);
    const hasPort = this.#options.service.type === "web_service" || this.#options.service.type === "private_service";
    if (next !== undefined && hasPort) {
      const either = AbortSignal.any([signal, this.#closing.signal]);
      const failure = await next.untilHealthy(deployed.healthCheckPath, HEALTH_DEADLINE_MS, either);
      if (failure !== undefined) {
        this.#note(`==> ${failure}`);
        await next.process.stop();
        return failure;
      }
    }
    const before = this.#live;
    this.#live = next;
    this.#address.target = next?.port;
    void next?.process.exited.then(() => this.#crashed(next, deployed));
    void before?.process.stop();
    return undefined;
  }

  /** Ends the process; the public address answers that nothing runs. */
  async stop(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    this.#address.target = undefined;
    await live?.process.stop();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#address.close();
    await Promise.allSettled(this.#replacing);
    await this.stop();
  }

  async #start(deployed: ServiceState["deployed"]): Promise<ServiceProcess | undefined> {
    const { service, network, supervisor, logs } = this.#options;
    const { startCommand } = deployed;
    if (startCommand === undefined || startCommand === "") return undefined;
    return ServiceProcess.start({
      startCommand,
      env: insideEnvironment(service, deployed.env, network),
      supervisor,
      onLine: (line, stream) => logs.write(service.id, line, stream),
    });
  }

  async #crashed(process: ServiceProcess, deployed: ServiceState["deployed"]): Promise<void> {
    if (this.#live !== process) return;
    this.#note("==> The process exited. It is started again.");
    this.#address.target = undefined;
    if (!(await sleep(CRASH_PAUSE_MS, this.#closing.signal)) || this.#live !== process) return;
    await this.replace(deployed, this.#closing.signal);
  }

  #note(message: string): void {
    this.#options.logs.write(this.#options.service.id, message, "stderr");
  }
}
