import type { RedisAddress } from "../../redis/address.ts";
import { Connection, type ConnectionOptions } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { answer } from "./core.ts";
import type { Answer } from "./observation.ts";

/** What a second connection gets to hear that says nothing about who it is. */
export async function observeStranger(address: RedisAddress, options: ConnectionOptions): Promise<Answer> {
  try {
    const connection = await Connection.open(address, options);
    const [reply = null] = await connection.send([["PING"]]);
    connection.close();
    return answer(reply);
  } catch (error) {
    return { failure: RedisFailure.fromSocket(error).kind };
  }
}
