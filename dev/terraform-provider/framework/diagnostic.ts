/** One step into a value: to an attribute of an object, or to an element of a map. */
export type Step = { readonly attributeName: string } | { readonly elementKeyString: string };

/** Where in a resource something is. The protocol has no step into a set, so a path ends there. */
export type AttributePath = readonly Step[];

/** A path as it is written in Terraform: `env_vars["REDIS_URL"].value`. */
export function formatPath(path: AttributePath): string {
  return path
    .map((step) => ("attributeName" in step ? `.${step.attributeName}` : `[${JSON.stringify(step.elementKeyString)}]`))
    .join("")
    .replace(/^\./, "");
}

/** An error that Terraform shows to whoever runs it. Must hold no secret. */
export interface Diagnostic {
  /** What went wrong, in a few words. */
  readonly summary: string;
  /** Why, and what to do. */
  readonly detail: string;
  readonly path?: AttributePath;
}

/** Ends an operation with diagnostics. */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(({ summary, detail }) => `${summary}: ${detail}`).join("\n"));
    this.name = "DiagnosticError";
    this.diagnostics = diagnostics;
  }
}

/** The diagnostics that an error amounts to, whatever it is. */
export function diagnosticsOf(error: unknown): readonly Diagnostic[] {
  if (error instanceof DiagnosticError) return error.diagnostics;
  const detail = error instanceof Error ? error.message : String(error);
  return [{ summary: "Unexpected error in the provider", detail }];
}

/** Does a step of an operation; when it fails, the error says which step that was. @param prefix Of the reason. */
export async function step<T>(summary: string, work: Promise<T>, prefix = ""): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const detail = prefix + (error instanceof Error ? error.message : String(error));
    throw new DiagnosticError([{ summary, detail }]);
  }
}
