import { randomBytes } from "node:crypto";
import type { RedisAddress } from "../../redis/address.ts";
import type { ConnectionOptions } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { answer } from "./core.ts";
import type { PubSubObservation } from "./observation.ts";
import { ask, inSession } from "./session.ts";

/** Subscribes on one connection, publishes on another, and waits for the message. */
export async function observePubSub(address: RedisAddress, options: ConnectionOptions): Promise<PubSubObservation> {
  const channel = `render-redis-check:${randomBytes(9).toString("base64url")}`;
  const message = randomBytes(9).toString("base64url");
  try {
    return await inSession(address, options, async (subscriber) => {
      await ask(subscriber, "SUBSCRIBE", channel);
      const arriving = subscriber.receive();
      await inSession(address, options, (publisher) => ask(publisher, "PUBLISH", channel, message));
      const arrived = answer(await arriving);
      if ("failure" in arrived) return { delivered: arrived };
      return { delivered: arrived.reply === message ? { reply: "OK" } : { failure: "NOT_REDIS" } };
    });
  } catch (error) {
    return { delivered: { failure: RedisFailure.fromSocket(error).kind } };
  }
}
