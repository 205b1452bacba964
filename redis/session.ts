import type { RedisAddress } from "../../redis/address.ts";
import { Connection, type ConnectionOptions, login } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import type { Reply } from "../../redis/resp.ts";

/**
 * Runs something on a connection of its own, logged in, and closes it whatever happens.
 *
 * @throws RedisFailure when there is no connection or no login, and whatever the work throws.
 */
export async function inSession<T>(
  address: RedisAddress,
  options: ConnectionOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await Connection.open(address, options);
  try {
    for (const reply of await connection.send(login(address))) {
      // A password that the server does not want is no obstacle: whether one is asked for is the `auth` check's matter.
      if (reply instanceof RedisFailure && reply.kind !== "NO_PASSWORD_SET") throw reply;
    }
    return await work(connection);
  } finally {
    connection.close();
  }
}

/** One command's reply. @throws RedisFailure when it is an error. */
export async function ask(connection: Connection, ...command: string[]): Promise<Reply> {
  const [reply = null] = await connection.send([command]);
  if (reply instanceof RedisFailure) throw reply;
  return reply;
}
