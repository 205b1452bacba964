import { readVerify } from "../../cli/verify-command.ts";
import { requestOf, type VerifyRequest } from "../../cli/verify-options.ts";
import type { Subject } from "../../cli/verify-request.ts";

/** What a command line of `verify` asks for; `undefined` when it asks for help. */
export async function readCommandLine(args: readonly string[], env: NodeJS.ProcessEnv, deployed?: Subject) {
  let request: VerifyRequest | undefined;
  await readVerify(args, async (names, values) => {
    request = await requestOf(names, values, env, deployed);
  });
  return request as VerifyRequest | undefined;
}
