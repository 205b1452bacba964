import { readFileSync } from "node:fs";
import {
  type App,
  Lazy,
  LocalBackend,
  TerraformElement,
  TerraformProvider,
  TerraformResource,
  TerraformStack,
} from "cdktf";
import type { Construct } from "constructs";
import { z } from "zod";

const attributes = z.record(z.string(), z.unknown());
const blocks = z.record(z.string(), attributes);
const terraformSchema = z.object({
  output: blocks,
  provider: z.record(z.string(), z.array(attributes)),
  resource: z.record(z.string(), blocks),
  terraform: z.looseObject({ backend: z.object({ local: z.object({ path: z.string() }) }) }),
  variable: blocks,
});

/** The Terraform of one stack, as it was synthesized. */
export type Terraform = z.output<typeof terraformSchema>;

/** @returns It without what is under "//": cdktf's notes, the paths of constructs. */
export function readTerraform(file: string): Terraform {
  const withoutNotes = (key: string, value: unknown) => (key === "//" ? undefined : value);
  return terraformSchema.parse(JSON.parse(readFileSync(file, "utf8"), withoutNotes));
}

/**
 * A stack of nothing but cdktf's own elements that synthesizes to the same Terraform: no validation, no guard. Each
 * reference is a token, as it is in a program. What the constructs cost is measured against this.
 */
export function replay(app: App, name: string, terraform: Terraform): void {
  const stack = new TerraformStack(app, name);
  const { output, provider, resource, variable, terraform: settings } = withTokens(terraform);
  new Element(stack, "terraform", { terraform: settings });
  new LocalBackend(stack, settings.backend.local);
  for (const type of Object.keys(provider)) new Provider(stack, type, { terraformResourceType: type });
  for (const [id, values] of Object.entries(variable)) new Element(stack, id, { variable: { [id]: values } });
  for (const [type, resources] of Object.entries(resource)) {
    for (const [id, values] of Object.entries(resources)) new Resource(stack, type, id, values);
  }
  for (const [id, values] of Object.entries(output)) new Element(stack, `${id}_output`, { output: { [id]: values } });
}

class Provider extends TerraformProvider {}

class Resource extends TerraformResource {
  constructor(scope: Construct, type: string, id: string, values: Record<string, unknown>) {
    super(scope, `${type}_${id}`, { terraformResourceType: type });
    this.overrideLogicalId(id);
    for (const [name, value] of Object.entries(values)) this.addOverride(name, value);
  }
}

/** Any other block. */
class Element extends TerraformElement {
  readonly #block: object;

  constructor(scope: Construct, id: string, block: object) {
    super(scope, id);
    this.#block = block;
  }

  override toTerraform(): object {
    return this.#block;
  }
}

function withTokens(terraform: Terraform): Terraform {
  const token = (reference: string) => Lazy.stringValue({ produce: () => reference });
  const text = JSON.stringify(terraform, (_, value: unknown) =>
    typeof value === "string" ? value.replaceAll(/\$\{[^}]*\}/g, token) : value,
  );
  return terraformSchema.parse(JSON.parse(text));
}
