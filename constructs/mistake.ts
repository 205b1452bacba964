import type { IConstruct } from "constructs";
import { Stop } from "../runtime/errors.ts";

/** A mistake in how a construct is used. The message ends with the construct's path, so that it can be found. */
export function mistake(message: string, scope: IConstruct): Stop {
  return new Stop("misused", `${message} (in ${scope.node.path || "the app"})`);
}
