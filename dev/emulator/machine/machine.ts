import { join } from "node:path";
import type { KeyValueState, KeyValueStatus, ServiceState } from "../state/schema.ts";
import { CHECKOUT, insideEnvironment } from "./inside.ts";
import { Instance } from "./instance.ts";
import type { PrivateNetwork } from "./private-network.ts";
import type { RedisBinary } from "./redis-binary.ts";
import { type OnLine, ServiceRuntime } from "./service-runtime.ts";
import type { SupervisedProcess } from "./supervised-process.ts";
import type { Supervisor } from "./supervisor.ts";

/** What can be done to an instance, and to a service. Private fields are not part of it, so that tests can play both. */
export type InstanceServer = Pick<Instance, keyof Instance>;
export type ServiceRunner = Pick<ServiceRuntime, keyof ServiceRuntime>;

/** What an instance's server is started with, beside its settings. */
export interface InstanceEvents {
  /** Whether it must not become available yet. */
  readonly stuck: () => boolean;
  readonly onStatus: (status: KeyValueStatus) => void;
  readonly onLine: OnLine;
}

/** What stands behind the workspace. Tests that need no server have one that runs nothing. */
export interface Machine {
  /** Of the Redis or Valkey server. */
  readonly serverVersion: string;
  instance(state: KeyValueState, events: InstanceEvents): InstanceServer;
  service(state: ServiceState, onLine: OnLine): ServiceRunner;
  /** Runs a command with what its service is deployed with. */
  job(service: ServiceState, command: string, onLine: OnLine): Pick<SupervisedProcess, "exited" | "stop">;
  /** Forgets the host name of an instance that is deleted. */
  forget(instance: KeyValueState): void;
}

export interface LocalMachineOptions {
  readonly supervisor: Supervisor;
  readonly network: PrivateNetwork;
  readonly binary: RedisBinary;
  /** The emulator's state directory. */
  readonly directory: string;
  /** Milliseconds that creating, and each restart of, an instance takes. */
  readonly delayMs: number;
}

/** Real processes on this machine. */
export class LocalMachine implements Machine {
  readonly #options: LocalMachineOptions;

  constructor(options: LocalMachineOptions) {
    this.#options = options;
  }

  get serverVersion(): string {
    return this.#options.binary.version;
  }

  instance(state: KeyValueState, events: InstanceEvents): InstanceServer {
    const { supervisor, network, binary, directory, delayMs } = this.#options;
    return new Instance({
      state,
      command: binary.command,
      socket: network.join(state.region, state.id),
      dataRoot: join(directory, "key-value"),
      supervisor,
      delayMs,
      stuck: events.stuck,
      onStatus: events.onStatus,
      onLine: (line) => events.onLine(line, "stdout"),
    });
  }

  service(service: ServiceState, onLine: OnLine): ServiceRunner {
    const { supervisor, network } = this.#options;
    return new ServiceRuntime({ service, supervisor, network, onLine });
  }

  job(service: ServiceState, command: string, onLine: OnLine): SupervisedProcess {
    const { supervisor, network } = this.#options;
    return supervisor.start({
      command: "sh",
      args: ["-c", command],
      env: insideEnvironment(service, service.deployed.env, network),
      cwd: CHECKOUT,
      onLine,
    });
  }

  forget({ region, id }: KeyValueState): void {
    this.#options.network.leave(region, id);
  }
}
