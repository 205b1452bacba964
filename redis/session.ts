import type { RedisAddress } from "./address.ts";
import { Connection, type ConnectionOptions, login } from "./connection.ts";
import { RedisFailure } from "./failure.ts";
import type { Reply } from "./resp.ts";

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
    assertLoggedIn(await connection.send(login(address, options.encoding)));
    return await work(connection);
  } finally {
    connection.close();
  }
}

/**
 * Checks the replies to {@link login}. A password that the server does not need is no failure: whether it asks for one is another
 * question.
 *
 * @throws RedisFailure when the login was refused.
 */
export function assertLoggedIn(replies: readonly Reply[]): void {
  for (const reply of replies) {
    if (reply instanceof RedisFailure && reply.kind !== "NO_PASSWORD_SET") throw reply;
  }
}

/** What sends commands in one write, and answers with a reply for each. */
export type Sender = Pick<Connection, "send">;

/** One command's reply. @throws RedisFailure when it is an error. */
export async function ask(connection: Sender, ...command: string[]): Promise<Reply> {
  const [reply = null] = await connection.send([command]);
  if (reply instanceof RedisFailure) throw reply;
  return reply;
}
