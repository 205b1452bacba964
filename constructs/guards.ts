import {
  App,
  Aspects,
  TerraformBackend,
  TerraformDataSource,
  TerraformElement,
  TerraformLocal,
  TerraformModule,
  TerraformOutput,
  TerraformResource,
  TerraformStack,
  TerraformVariable,
} from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { Stop } from "../runtime/errors.ts";
import { mistake } from "./mistake.ts";

/** cdktf throws a plain error for mistakes, of a stack or of the app, and goes on to advise how to skip the validation. */
const VALIDATION =
  /^(?:App-level v|V)alidation failed with the following errors:\n(.*?)\n+(?:Validations allow|If you wish)/s;

/**
 * An app in which two mistakes that cdktf 0.21 passes over in silence are errors: aspects on the app, which never
 * run, and constructs that are not in a stack, which are never synthesized.
 */
export class GuardedApp extends App {
  constructor(options: { readonly outdir?: string } = {}) {
    // Traces of construct creation are for cdktf's own debugging; an operator needs the message.
    super({ ...options, stackTraces: false });
    this.node.addValidation({ validate: () => [...unusedAspects(this), ...outsideOfStacks(this)] });
  }

  /** @throws Stop with what the validations found. */
  override synth(): void {
    try {
      super.synth();
    } catch (error) {
      const mistakes = error instanceof Error ? VALIDATION.exec(error.message)?.[1] : undefined;
      if (mistakes === undefined) throw error;
      throw new Stop("misused", `Validation failed with the following errors:\n${mistakes.trimEnd()}`);
    }
  }
}

function unusedAspects(app: App): string[] {
  if (Aspects.of(app).all.length === 0) return [];
  return ["cdktf never runs aspects on the app. Add them to each stack: Aspects.of(stack).add(…)"];
}

function outsideOfStacks(app: App): string[] {
  return app.node.children
    .filter((child) => !TerraformStack.isStack(child))
    .map((child) => `"${child.node.id}" is not in a stack, so it is never synthesized. Create it in a stack.`);
}

/**
 * A stack in which the mistakes that cdktf 0.21 makes in silence are errors:
 *
 * - two elements with the same Terraform address, of which one would be lost in the other;
 * - a missing backend, for which cdktf would write this machine's working directory into the Terraform;
 * - any other absolute path, which makes the output differ from machine to machine.
 */
export class GuardedStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.node.addValidation({ validate: () => sharedAddresses(this) });
  }

  override prepareStack(): void {
    // cdktf resolves everything once more only to find references between stacks; a stack that is alone has none.
    if (this.node.root.node.children.length === 1) this.ensureBackendExists();
    else super.prepareStack();
  }

  override ensureBackendExists(): TerraformBackend {
    if (this.node.findAll().some((construct) => TerraformBackend.isBackend(construct)))
      return super.ensureBackendExists();
    throw mistake("the stack has no backend. Say where its state is kept: new StateBackend(stack, …)", this);
  }

  override toTerraform(): Record<string, unknown> {
    const terraform: Record<string, unknown> = super.toTerraform();
    const [found] = absolutePaths(terraform, []);
    if (found === undefined) return terraform;
    throw mistake(`\`${found.path}\` must not be an absolute path, got: "${found.value}"`, this);
  }
}

function sharedAddresses(stack: TerraformStack): string[] {
  const pathsByAddress = new Map<string, string[]>();
  for (const construct of stack.node.findAll()) {
    const address = addressOf(construct);
    if (address === undefined) continue;
    pathsByAddress.set(address, [...(pathsByAddress.get(address) ?? []), construct.node.path]);
  }
  return [...pathsByAddress]
    .filter(([, paths]) => paths.length > 1)
    .map(([address, paths]) => `${paths.join(" and ")} have the same Terraform address ${address}. Rename one.`);
}

function addressOf(construct: IConstruct): string | undefined {
  if (!TerraformElement.isTerraformElement(construct)) return undefined;
  const name = construct.friendlyUniqueId;
  if (TerraformResource.isTerraformResource(construct)) return `${construct.terraformResourceType}.${name}`;
  if (TerraformDataSource.isTerraformDataSource(construct)) return `data.${construct.terraformResourceType}.${name}`;
  if (TerraformOutput.isTerraformOutput(construct)) return `output.${name}`;
  if (construct instanceof TerraformVariable) return `var.${name}`;
  if (construct instanceof TerraformLocal) return `local.${name}`;
  if (construct instanceof TerraformModule) return `module.${name}`;
  return undefined;
}

/** Where paths stand in Terraform; elsewhere a text that begins with a slash is not a path. */
const PATH_SETTINGS = new Set(["path", "workspace_dir", "working_dir", "source", "filename"]);

function* absolutePaths(value: unknown, path: string[]): Generator<{ path: string; value: string }> {
  if (typeof value === "string") {
    const isPath = PATH_SETTINGS.has(path.at(-1) ?? "");
    if (isPath && /^(\/|[A-Za-z]:[\\/])/.test(value)) yield { path: path.join("."), value };
  } else if (typeof value === "object" && value !== null) {
    // "//" holds cdktf's own notes, construct paths among them.
    for (const [key, entry] of Object.entries(value)) if (key !== "//") yield* absolutePaths(entry, [...path, key]);
  }
}
