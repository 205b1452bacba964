import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { EmulatorControl } from "../../../dev/emulator/control.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../../dev/emulator/emulator.ts";

/** An answer of the API. Fields are read through {@link at}, so that tests need no cast. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A local Render in a directory of its own, and short ways to talk to it. */
export class TestRender {
  readonly render: Emulator;
  readonly control: EmulatorControl;

  constructor(render: Emulator) {
    this.render = render;
    this.control = new EmulatorControl(render);
  }

  static async start(options: Partial<EmulatorOptions> = {}): Promise<TestRender> {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "render-")));
    const render = await startEmulator({ creationDelayMs: 20, rateLimits: "off", ...options, directory });
    return new TestRender(render);
  }

  async stop(): Promise<void> {
    await this.render.stop();
    await rm(this.render.directory, { recursive: true, force: true });
  }

  async call(method: string, path: string, body?: unknown, key = this.render.apiKey): Promise<Answer> {
    const response = await fetch(`${this.render.host}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
  }

  newInstance(settings: Record<string, unknown> = {}): Record<string, unknown> {
    const { ownerId } = this.render;
    const defaults = { name: "queue", plan: "starter", region: "oregon", maxmemoryPolicy: "noeviction" };
    return { ownerId, ipAllowList: [], ...defaults, ...settings };
  }

  /** Creates an instance and waits until it is available. Gives its id. */
  async instance(settings: Record<string, unknown> = {}): Promise<string> {
    const created = await this.call("POST", "/key-value", this.newInstance(settings));
    const id = at(created.body, "id");
    await this.untilStatus(id, "available");
    return id;
  }

  async untilStatus(instanceId: string, status: string): Promise<void> {
    await until(async () => at((await this.call("GET", `/key-value/${instanceId}`)).body, "status") === status);
  }

  async urls(instanceId: string): Promise<{ internal: string; external: string }> {
    const { body } = await this.call("GET", `/key-value/${instanceId}/connection-info`);
    return { internal: at(body, "internalConnectionString"), external: at(body, "externalConnectionString") };
  }

  /** Runs a command as a one-off job. Gives its status and output. */
  async job(
    startCommand: string,
    serviceId = this.render.backendServiceId,
  ): Promise<{ status: string; output: string[] }> {
    const id = at((await this.call("POST", `/services/${serviceId}/jobs`, { startCommand })).body, "id");
    let status = "";
    await until(async () => {
      const { body } = await this.call("GET", `/services/${serviceId}/jobs/${id}`);
      status = at(body, "status");
      return z.looseObject({ finishedAt: z.string() }).safeParse(body).success;
    });
    return { status, output: await this.output(id) };
  }

  async output(resourceId: string): Promise<string[]> {
    const query = `ownerId=${this.render.ownerId}&resource=${resourceId}&direction=forward&limit=100`;
    const { body } = await this.call("GET", `/logs?${query}`);
    return z
      .object({ logs: z.array(z.object({ message: z.string() })) })
      .parse(body)
      .logs.map((line) => line.message);
  }

  /** Deploys and waits for the end. Gives the final status. */
  async deploy(serviceId = this.render.backendServiceId): Promise<string> {
    const path = `/services/${serviceId}/deploys`;
    const id = at((await this.call("POST", path, { deployMode: "deploy_only" })).body, "id");
    let status = "";
    await until(async () => {
      const { body } = await this.call("GET", `${path}/${id}`);
      status = at(body, "status");
      return z.looseObject({ finishedAt: z.string() }).safeParse(body).success;
    });
    return status;
  }
}

/** A text somewhere in an answer, for example `at(body, "options.maxmemoryPolicy")`. */
export function at(value: unknown, path: string): string {
  let current = value;
  for (const name of path.split(".")) current = z.record(z.string(), z.unknown()).parse(current)[name];
  return z.string().parse(current);
}

/** Waits for something to become true. @throws Error when it does not. */
export async function until(condition: () => Promise<boolean> | boolean, deadlineMs = 10_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not true after ${deadlineMs} ms`);
    await delay(15);
  }
}
