import type { z } from "zod";
import { InvalidValue, nearest } from "../runtime/errors.ts";

/**
 * A line for each mistake in what somebody wrote: the field, what is allowed, the value, and the nearest match.
 *
 * @param known Every field that there is, for the nearest match of one that there is not.
 * @param named Where somebody wrote what stands at a path.
 */
export function mistakesIn(
  { issues }: Pick<z.ZodError, "issues">,
  input: unknown,
  known: readonly string[],
  named: (path: readonly PropertyKey[]) => readonly PropertyKey[] = (path) => path,
): string[] {
  return issues.flatMap((issue) => {
    const field = (...key: string[]) => `\`${named([...issue.path, ...key]).join(".")}\``;
    const got = valueAt(input, issue.path);
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => {
          const like = nearest(key, known);
          return `${field(key)} is not a field.${like === undefined ? " Remove it." : ` Did you mean "${like}"?`}`;
        });
      case "invalid_key":
        return issue.issues.map((inner) => `${field()} ${inner.message}`);
      case "invalid_type":
        if (got === undefined) return `${field()} is missing.`;
        return `${field()} ${new InvalidValue(`must be of type ${issue.expected}`, got).message}`;
      case "too_small":
        return `${field()} ${new InvalidValue(`must be at least ${issue.minimum}`, got).message}`;
      case "too_big":
        return `${field()} ${new InvalidValue(`must be at most ${issue.maximum}`, got).message}`;
      default:
        return `${field()} ${issue.message}`;
    }
  });
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
}
