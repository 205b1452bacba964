import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { askBackend, type BackendHealth } from "../../examples/backend/ask.ts";
import { RenderClient } from "../../render/api/client.ts";
import { API } from "../../render/api/endpoints.ts";
import { sleep, until, within } from "../../runtime/wait.ts";
import { rollOut } from "../../steps/roll-out.ts";
import { RENDER_API } from "../emulator/api/endpoints.ts";
import { LocalControl } from "../emulator/control.ts";
import { type LocalRender, startLocalRender } from "../emulator/emulator.ts";
import { Load } from "./load.ts";
import { ProviderSink } from "./provider-sink.ts";

const CREATION_DELAY_MS = 300;
const PER_SECOND = 25;
const ROLL_OUT_MS = 60_000;
export interface StageOptions {
  /** Milliseconds that sending one message takes. Default 20. */
  readonly providerLatencyMs?: number;
  /** Variables of the backend itself, beside where it sends its messages. */
  readonly backendVariables?: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/** Where a drill takes place: a Render on this machine, its backend under load, and a provider that counts. */
export class Stage {
  readonly render: LocalRender;
  readonly client: RenderClient;
  readonly control: LocalControl;
  readonly sink: ProviderSink;
  readonly load: Load;

  private constructor(render: LocalRender, client: RenderClient, sink: ProviderSink, url: string) {
    this.render = render;
    this.client = client;
    this.control = new LocalControl(render);
    this.sink = sink;
    this.load = new Load(url, PER_SECOND);
  }

  static async open({ say, providerLatencyMs = 20, backendVariables = {} }: StageOptions): Promise<Stage> {
    const sink = await ProviderSink.start(providerLatencyMs);
    const directory = await mkdtemp(join(tmpdir(), "drill-"));
    const render = await startLocalRender({ directory, creationDelayMs: CREATION_DELAY_MS, rateLimits: "off" });
    const client = new RenderClient({ apiKey: render.apiKey, host: render.host });
    const { backendServiceId: serviceId } = render;
    say("the backend starts, with a provider that counts");
    for (const [key, value] of Object.entries({ ...backendVariables, PROVIDER_URL: sink.url })) {
      await client.call(RENDER_API.setServiceVariable, { id: serviceId, key }, { value });
    }
    await within(ROLL_OUT_MS, (signal) => rollOut({ client, serviceId, signal, say: () => {} }));
    const { serviceDetails } = await client.call(API.getService, { id: serviceId });
    return new Stage(render, client, sink, z.string().parse(serviceDetails.url));
  }

  health(): Promise<BackendHealth> {
    return askBackend(this.client, this.render.backendServiceId);
  }

  /** Waits until every accepted message was sent, or until no more come. */
  async settle(withinMs: number): Promise<void> {
    const unsent = () => {
      return this.load.messages.filter(({ id, mode }) => mode !== "refused" && this.sink.times(id) === 0).length;
    };
    await until(() => unsent() === 0, { first: 50, withinMs });
    // Long enough for a second copy of the last one to show.
    await sleep(500);
  }

  async close(): Promise<void> {
    await this.load.stop();
    await this.render.stop();
    this.sink.stop();
    await rm(this.render.directory, { recursive: true, force: true });
  }
}
