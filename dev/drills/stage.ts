import { z } from "zod";
import { askBackend, type BackendHealth } from "../../examples/backend/ask.ts";
import { CLAIM_LEASE_MS } from "../../examples/backend/claims.ts";
import { API } from "../../render/api/endpoints.ts";
import { sleep, until, within } from "../../runtime/wait.ts";
import { rollOut } from "../../steps/roll-out.ts";
import { RENDER_API } from "../emulator/api/endpoints.ts";
import { Rehearsal } from "../rehearsal.ts";
import { Load } from "./load.ts";
import { ProviderSink } from "./provider-sink.ts";

const CREATION_DELAY_MS = 300;
const PER_SECOND = 25;
const ROLL_OUT_MS = 300_000;
/** A message that no queue holds may still be with a process: for as long as it has claimed it, and some more. */
const QUIET_MS = CLAIM_LEASE_MS + 10_000;
/** Far beyond what the slowest machine needs: what still waits then is told as waiting, not as lost. */
const SETTLE_MS = 600_000;

/** What the service's queues hold, in jobs. */
export interface Left {
  readonly waiting: number;
  readonly failed: number;
}

export interface StageOptions {
  /** Milliseconds that sending one message takes. Default 20. */
  readonly providerLatencyMs?: number;
  /** What Render does with a deploy that begins while another is in progress. Default `override`. */
  readonly overlappingDeploys?: "override" | "wait";
  /** Variables of the service itself, beside where it sends its messages. */
  readonly serviceVariables?: Readonly<Record<string, string>>;
}

/** Where a drill takes place: a Render on this machine, its service under load, and a fake provider that counts messages. */
export class Stage {
  readonly rehearsal: Rehearsal;
  readonly sink: ProviderSink;
  readonly load: Load;

  private constructor(rehearsal: Rehearsal, sink: ProviderSink, url: string) {
    this.rehearsal = rehearsal;
    this.sink = sink;
    this.load = new Load(url, PER_SECOND);
  }

  static async open({
    providerLatencyMs = 20,
    overlappingDeploys = "override",
    serviceVariables = {},
  }: StageOptions): Promise<Stage> {
    const sink = await ProviderSink.start(providerLatencyMs);
    const rehearsal = await Rehearsal.start({ creationDelayMs: CREATION_DELAY_MS, rateLimits: "off" });
    const { client, render } = rehearsal;
    await rehearsal.control.setFaults({ overlappingDeploys });
    const serviceId = render.backendServiceId;
    for (const [key, value] of Object.entries({ ...serviceVariables, PROVIDER_URL: sink.url })) {
      await client.call(RENDER_API.setServiceVariable, { id: serviceId, key }, { value });
    }
    await within(ROLL_OUT_MS, (signal) => rollOut({ client, serviceId, signal, say: () => {} }));
    const { serviceDetails } = await client.call(API.getService, { id: serviceId });
    return new Stage(rehearsal, sink, z.string().parse(serviceDetails.url));
  }

  health(): Promise<BackendHealth> {
    const { client, render } = this.rehearsal;
    return askBackend(client, render.backendServiceId);
  }

  /**
   * Waits until every accepted message was sent, or until no queue holds one of the others any more.
   *
   * @returns What the queues still hold: jobs that wait, where even the longest time was too short, and failed ones.
   */
  async settle(): Promise<Left> {
    const isSent = ({ id, mode }: Load["messages"][number]) => mode === "refused" || this.sink.times(id) > 0;
    let quietSince: number | undefined;
    let left: Left = { waiting: 0, failed: 0 };
    const settled = async () => {
      if (this.load.messages.every(isSent)) return true;
      const { pending, failed = 0 } = await this.health();
      left = { waiting: pending ?? 0, failed };
      // Without an answer of the queues nothing is known of what they hold.
      if (pending !== 0) quietSince = undefined;
      else quietSince ??= performance.now();
      return quietSince !== undefined && performance.now() - quietSince > QUIET_MS;
    };
    await until(settled, { first: 50, longest: 1_000, withinMs: SETTLE_MS });
    // Long enough for a second copy of the last one to show.
    await sleep(500);
    return left;
  }

  async close(): Promise<void> {
    await this.load.stop();
    await this.rehearsal.stop();
    this.sink.stop();
  }
}
