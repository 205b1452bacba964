import { sleep } from "../../../runtime/wait.ts";
import type { ServiceState } from "../state/schema.ts";
import { insideEnvironment } from "./inside.ts";
import type { PrivateNetwork } from "./private-network.ts";
import { PublicAddress } from "./public-address.ts";
import { ServiceProcess } from "./service-process.ts";
import type { Supervisor } from "./supervisor.ts";

/** Render waits a quarter of an hour. */
const HEALTH_DEADLINE_MS = 30_000;
const CRASH_PAUSE_MS = 1_000;
/** Ports that are tried, when somebody else takes one before the process has it. */
const PORT_TRIES = 3;

/** Is told each line of output. */
export type OnLine = (line: string, stream: "stdout" | "stderr") => void;

export interface ServiceRuntimeOptions {
  readonly service: ServiceState;
  readonly supervisor: Supervisor;
  readonly network: PrivateNetwork;
  readonly onLine: OnLine;
}

/** What runs behind one service: its process, and the public address that leads to it. */
export class ServiceRuntime {
  readonly #options: ServiceRuntimeOptions;
  readonly #address = new PublicAddress();
  readonly #closing = new AbortController();
  /** Restarts and deploys come one after another, in the order they were asked for. */
  #replacing: Promise<string | undefined> = Promise.resolve(undefined);
  #live: ServiceProcess | undefined;

  constructor(options: ServiceRuntimeOptions) {
    this.#options = options;
  }

  /** Opens the public address on the port of the last run, or on another one when that is taken. Gives the port. */
  open(port: number): Promise<number> {
    return this.#address.open(port);
  }

  /**
   * Starts a process with what is to be deployed, and puts it in the place of the one before, which is asked to end.
   *
   * @returns Why it failed, in which case the one before keeps running; `undefined` when it is live.
   */
  replace(deployed: ServiceState["deployed"], signal: AbortSignal): Promise<string | undefined> {
    this.#replacing = this.#replacing
      .then(() => this.#replace(deployed, AbortSignal.any([signal, this.#closing.signal])))
      // Most callers do not wait, and an error that nobody handles would end the emulator.
      .catch((error: unknown) => (error instanceof Error ? error.name : "it failed"));
    return this.#replacing;
  }

  async #replace(
    deployed: ServiceState["deployed"],
    signal: AbortSignal,
    tries = PORT_TRIES,
  ): Promise<string | undefined> {
    if (signal.aborted) return "it was canceled";
    const next = await this.#start(deployed);
    const hasPort = this.#options.service.type === "web_service" || this.#options.service.type === "private_service";
    if (next !== undefined && hasPort) {
      const failure = await next.untilHealthy(deployed.healthCheckPath, HEALTH_DEADLINE_MS, signal);
      if (failure !== undefined) {
        this.#note(`==> ${failure}`);
        const again = (await next.endWithoutPort()) && tries > 1 && !signal.aborted;
        return again ? this.#replace(deployed, signal, tries - 1) : failure;
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
    await this.#replacing;
    await this.stop();
  }

  async #start(deployed: ServiceState["deployed"]): Promise<ServiceProcess | undefined> {
    const { service, network, supervisor, onLine } = this.#options;
    const { startCommand } = deployed;
    // A cron job runs by its schedule, which is not emulated.
    if (startCommand === undefined || startCommand === "" || service.type === "cron_job") return undefined;
    return ServiceProcess.start({
      startCommand,
      env: insideEnvironment(service, deployed.env, network),
      supervisor,
      onLine,
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
    this.#options.onLine(message, "stderr");
  }
}
