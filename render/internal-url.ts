/** The port of every instance in Render's private network. */
export const INTERNAL_PORT = 6379;

/** Where an instance answers inside Render's private network, unless internal authentication is on. */
export function internalUrl(instanceId: string): string {
  return `redis://${instanceId}:${INTERNAL_PORT}`;
}
