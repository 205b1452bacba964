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
