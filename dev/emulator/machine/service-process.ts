import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import { until, within } from "../../../runtime/wait.ts";
import { CHECKOUT } from "./inside.ts";
import { listen } from "./listen.ts";
import type { SupervisedProcess } from "./supervised-process.ts";
import type { Supervisor } from "./supervisor.ts";

const HOST = "127.0.0.1";
/** Below what Linux, macOS and Windows hand out for connections and for port 0. */
const PORTS = [10_000, 32_000] as const;
const POLL_MS = 40;
const HEALTH_TIMEOUT_MS = 2_000;

export interface ServiceProcessOptions {
  readonly startCommand: string;
  readonly env: Readonly<Record<string, string>>;
  readonly supervisor: Supervisor;
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

/** A running process of a service, on a port of its own. */
export class ServiceProcess {
  readonly port: number;
  readonly process: SupervisedProcess;

  private constructor(port: number, child: SupervisedProcess) {
    this.port = port;
    this.process = child;
  }

  static async start({ startCommand, env, supervisor, onLine }: ServiceProcessOptions): Promise<ServiceProcess> {
    const port = await freePort();
    const child = supervisor.start({
      command: "sh",
      args: ["-c", startCommand],
      env: { ...env, PORT: String(port), HOST },
      cwd: CHECKOUT,
      onLine,
    });
    return new ServiceProcess(port, child);
  }

  /**
   * Waits until the process can take traffic: its health check answers, or, when it has none, its port is open.
   *
   * @returns Why it never could; `undefined` when it can.
   */
  async untilHealthy(healthCheckPath: string, deadlineMs: number, signal: AbortSignal): Promise<string | undefined> {
    const look = async () => {
      if (!this.process.running) return { failure: `the process exited early with ${await this.#exit()}` };
      const healthy = healthCheckPath === "" ? await this.#portIsOpen() : await this.#answers(healthCheckPath);
      return healthy && this.process.running ? { failure: undefined } : undefined;
    };
    const seen = await until(look, { signal, withinMs: deadlineMs, first: POLL_MS });
    if (seen !== undefined) return seen.failure;
    if (signal.aborted) return "it was canceled";
    return healthCheckPath === ""
      ? `no open port was detected on PORT=${this.port} within ${deadlineMs / 1000} s`
      : `${healthCheckPath} did not answer with success within ${deadlineMs / 1000} s`;
  }

  /** Ends the process. Whether its port is somebody else's: it was taken before the process had it. */
  async endWithoutPort(): Promise<boolean> {
    await this.process.stop();
    return !(await isFree(this.port));
  }

  async #exit(): Promise<string> {
    const { code, signal } = await this.process.exited;
    return signal === null ? `status ${code}` : signal;
  }

  #portIsOpen(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ host: HOST, port: this.port });
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
  }

  async #answers(path: string): Promise<boolean> {
    try {
      const url = new URL(path, `http://${HOST}:${this.port}`);
      const answer = await within(HEALTH_TIMEOUT_MS, (signal) => fetch(url, { redirect: "manual", signal }));
      await answer.body?.cancel();
      return answer.status >= 200 && answer.status < 400;
    } catch {
      return false;
    }
  }
}

/** A port that nobody listens on. Not one that a system hands out by itself: that could be taken before the process has it. */
async function freePort(): Promise<number> {
  const port = randomInt(...PORTS);
  return (await isFree(port)) ? port : freePort();
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await listen(server, port).then(
    () => true,
    () => false,
  );
  await new Promise((resolve) => server.close(resolve));
  return free;
}
