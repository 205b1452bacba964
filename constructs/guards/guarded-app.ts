import { App, Aspects, TerraformStack } from "cdktf";
import { Stop } from "../../runtime/errors.ts";

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
      // cdktf throws a plain error for it.
      if (!(error instanceof Error && error.message.startsWith("Validation failed with the following errors:")))
        throw error;
      throw new Stop("misused", error.message);
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
