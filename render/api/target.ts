import { oneLine } from "../../runtime/text.ts";
import { RENDER } from "./client.ts";

/** Something on Render, with its name where it is known. */
interface Named {
  readonly id: string;
  readonly name?: string | undefined;
}

/** Where something is done, in one line: shown wherever something is changed, for people with the wrong shell. */
export function describeTarget(workspace: Named, services: readonly Named[]): string {
  const host = process.env.RENDER_HOST || RENDER;
  return [`workspace ${called(workspace)} at ${host}`, ...services.map((one) => `service ${called(one)}`)].join(", ");
}

function called({ id, name }: Named): string {
  return name === undefined ? id : `"${oneLine(name)}" (${id})`;
}
