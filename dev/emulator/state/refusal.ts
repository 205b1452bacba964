/** The statuses with which Render refuses a request. */
export type RefusalStatus = 400 | 401 | 404 | 409 | 429 | 500 | 502 | 503;

/** A request that is refused. The message goes to the caller, so it must hold no secret. */
export class ApiError extends Error {
  readonly status: RefusalStatus;

  constructor(status: RefusalStatus, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, message);
}

/** What Render says about anything that it does not have. */
export function notFound(what: string): ApiError {
  return new ApiError(404, `not found: ${what}`);
}

export function conflict(message: string): ApiError {
  return new ApiError(409, message);
}
