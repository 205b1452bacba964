import { connect, createServer } from "node:net";
import { until, within } from "../../../runtime/wait.ts";
import { CHECKOUT } from "./inside.ts";
import { listen } from "./listen.ts";
import type { SupervisedProcess } from "./supervised-process.ts";
import type { Supervisor } from "./supervisor.ts";

const HOST = "127.0.0.1";
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

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
