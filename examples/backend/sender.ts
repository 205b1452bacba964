import { setTimeout as sleep } from "node:timers/promises";
import { CLAIM_LEASE_MS, type Claims } from "./claims.ts";
import type { Message } from "./message.ts";

const PROVIDER_TIMEOUT_MS = CLAIM_LEASE_MS - 5_000;
const SIMULATED_MS = 50;
const POLL_MS = 100;

/** Sends messages, each once, whoever asks and however often. */
export class Sender {
  readonly #claims: Claims;
  readonly #providerUrl: string | undefined;

  constructor(claims: Claims, providerUrl: string | undefined) {
    this.#claims = claims;
    this.#providerUrl = providerUrl;
  }

  /** Fulfilled once the message is sent, by this call or by another. @throws Error when the provider did not take it. */
  async send(message: Message): Promise<void> {
    for (;;) {
      const claim = await this.#claims.take(message.id);
      if (claim === "sent") return;
      if (claim === "mine") break;
      await sleep(POLL_MS);
    }
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
    const answer = await fetch(this.#providerUrl, {
      method: "POST",
      // For the one case that a claim cannot settle: this process dies after the provider took it, before it is noted.
      headers: { "content-type": "application/json", "idempotency-key": id },
      body: JSON.stringify({ id, channel, to, text }),
      signal: AbortSignal.timeout(PROVIDER_TIMEOUT_MS),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
  }
}
