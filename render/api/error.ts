/** Why a call to Render's API gave no usable answer. */
export type RenderApiErrorReason =
  /** The server answered with a status of 400 or more. */
  | "status"
  /** No connection, or it broke. */
  | "network"
  /** Nothing usable came before the deadline. */
  | "deadline"
  /** The caller no longer wants it. */
  | "stopped"
  /** The answer was not what the API is known to send. */
  | "answer";

export interface RenderApiErrorDetails {
  /** Method and path, for example `GET /key-value/red-abc`. */
  readonly call: string;
  readonly reason: RenderApiErrorReason;
  /** HTTP status, when one came. */
  readonly status?: number;
  /** What happened, in Render's words where it gave some. Must hold no secret. */
  readonly explanation: string;
  /** What the last attempt came to, where time was up. */
  readonly last?: string | undefined;
}

const REMEDIES: Readonly<Record<number, string>> = {
  401: "Set RENDER_API_KEY to a valid key: Render Dashboard, Account Settings, API Keys.",
  403: "Use an API key of a member of the workspace in RENDER_OWNER_ID.",
  429: "Wait for the rate limit to reset, then run the command again.",
};

/** A failed call to Render's API. The message names the call, the status and Render's own words, never the key. */
export class RenderApiError extends Error {
  readonly call: string;
  readonly reason: RenderApiErrorReason;
  readonly status: number | undefined;
  /** What happened in its first sentence, for example `500: broken.` */
  readonly outcome: string;
  readonly last: string | undefined;

  constructor(details: RenderApiErrorDetails) {
    const outcome = details.status === undefined ? details.explanation : `${details.status}: ${details.explanation}`;
    const remedy = REMEDIES[details.status ?? 0];
    super(`${details.call} failed: ${outcome}${remedy === undefined ? "" : ` ${remedy}`}`);
    this.name = "RenderApiError";
    this.call = details.call;
    this.reason = details.reason;
    this.status = details.status;
    this.last = details.last;
    this.outcome = outcome.replace(/(?<=\.) .*$/s, "");
  }
}

/** The answer, or `undefined` where Render has no such thing. */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RenderApiError && error.status === 404) return undefined;
    throw error;
  }
}
