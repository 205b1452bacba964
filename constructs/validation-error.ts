import type { IConstruct } from "constructs";

/** A mistake in how a construct is used. The message ends with the construct's path, so that it can be found. */
export class ValidationError extends Error {
  constructor(message: string, scope: IConstruct) {
    super(`${message} (in ${scope.node.path || "the app"})`);
    this.name = "ValidationError";
  }
}
