import { RedisFailure } from "./failure.ts";
import { listIn, textsIn } from "./queue-keys.ts";
import { ask, type Sender } from "./session.ts";

/**
 * All keys of the database, with what each SCAN finds: it may be nothing. A key that is there from the beginning to the end comes
 * at least once; a key may come more than once.
 *
 * @param keys That one SCAN goes through.
 * @throws RedisFailure
 */
export async function* scan(sender: Sender, keys: number): AsyncGenerator<string[]> {
  let cursor = "0";
  do {
    const [next, found] = listIn(await ask(sender, "SCAN", cursor, "COUNT", String(keys)));
    if (typeof next !== "string") throw new RedisFailure("NOT_REDIS");
    cursor = next;
    yield textsIn(found);
  } while (cursor !== "0");
}
