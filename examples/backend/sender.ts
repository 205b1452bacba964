import { sleep, until, within } from "../../runtime/wait.ts";
import { CLAIM_LEASE_MS, type Claims } from "./claims.ts";
import type { Message } from "./message.ts";

const PROVIDER_TIMEOUT_MS = CLAIM_LEASE_MS - 5_000;
const SIMULATED_MS = 50;
const POLL_MS = 100;

/** Sends each message once, however often it is asked to. */
export class Sender {
  readonly #claims: Claims;
  readonly #providerUrl: string | undefined;

  constructor(claims: Claims, providerUrl: string | undefined) {
    this.#claims = claims;
    this.#providerUrl = providerUrl;
  }

  /** Fulfilled once the message is sent, by this call or by another. @throws Error when the provider did not take it. */
  async send(message: Message): Promise<void> {
    const settled = async () => {
      const claim = await this.#claims.take(message.id);
      return claim !== "taken" && claim;
    };
    if ((await until(settled, { first: POLL_MS })) === "sent") return;
    try {
      await this.#callProvider(message);
    } catch (error) {
      await this.#claims.release(message.id);
      throw error;
    }
    await this.#claims.sent(message.id);
  }

  async #callProvider({ id, channel, to, text }: Message): Promise<void> {
    if (this.#providerUrl === undefined) {
      await sleep(SIMULATED_MS);
      return;
    }
    const url = this.#providerUrl;
    // The key is for the one case that a claim cannot settle: this process dies after the provider took the message.
    const headers = { "content-type": "application/json", "idempotency-key": id };
    const body = JSON.stringify({ id, channel, to, text });
    await within(PROVIDER_TIMEOUT_MS, async (signal) => {
      const answer = await fetch(url, { method: "POST", headers, body, signal });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
    });
  }
}
