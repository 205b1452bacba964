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

type Variables = Readonly<Record<string, string>>;

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
  /** Runs a command with these variables, where its service runs. */
  job(
    service: ServiceState,
    command: string,
    variables: Variables,
    onLine: OnLine,
  ): Pick<SupervisedProcess, "exited" | "stop">;
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

  job(service: ServiceState, line: string, variables: Variables, onLine: OnLine): SupervisedProcess {
    const { supervisor, network } = this.#options;
    // An image need not have a shell. What runs there without one runs everywhere.
    const isImage = ["image", "docker"].includes(service.serviceDetails.runtime);
    const [command = "", ...args] = isImage ? wordsOf(line) : ["sh", "-c", line];
    return supervisor.start({
      command,
      args,
      env: insideEnvironment(service, variables, network),
      cwd: CHECKOUT,
      onLine,
    });
  }

  forget({ region, id }: KeyValueState): void {
    this.#options.network.leave(region, id);
  }
}

/** The words of a command line, with quotes as a shell reads them, and nothing else of a shell. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/gs) ?? [];
  return words.map((word) => {
    return word.replaceAll(/'([^']*)'|"([^"]*)"|\\(.)/gs, (_, one = "", two = "", escaped = "") => one + two + escaped);
  });
}
