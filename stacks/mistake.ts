/** Errors about what somebody wrote, for whom the message is enough; anything else is a defect and keeps its trace. */
export function isMistake(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  // cdktf throws plain errors when a validation fails.
  const isFailedValidation = error.message.startsWith("Validation failed with the following errors:");
  return isFailedValidation || ["Stop", "ValidationError", "InvalidValue"].includes(error.name);
}
