import { join, relative, sep } from "node:path";
import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import { App, Fn, type ITerraformDependable, TerraformIterator, TerraformSelf, TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { commandOf, type Given, partName, readsState, resourceName, STEPS, type StepId } from "../steps/steps.ts";
import { bytesOf } from "./description.ts";
import { escapeTemplate } from "./render/escape-template.ts";

/** Bytes of a variable beyond which it is split: Linux takes 128 KiB. */
const LONGEST = 96 * 1_024;
/** Characters of a part, each of four bytes at most. */
const PART = LONGEST / 4;

/** Where the commands run. */
const REPOSITORY = join(import.meta.dirname, "..");

export interface StepProps<Id extends StepId> {
  /** The name of the instance or the service that it is for; none for a step of the whole environment. */
  readonly of?: string;
  /** What its program reads. In a step that runs at a removal, what may change is in a trigger: {@link trigger}. */
  readonly given: Given<Id>;
  /** When one of these changes, the step runs again. */
  readonly triggers: Readonly<Record<string, string | undefined>>;
  /** A resource's address: when that is changed, the step runs again, although no trigger changes: what somebody changed elsewhere is set back. */
  readonly follows?: string;
  /**
   * The trigger that names the step's subject. For another subject there is another step, where Terraform would replace
   * the one: it runs no command at the removal of what it replaces.
   */
  readonly keyedBy?: string;
  /** What must have happened before. Default nothing. */
  readonly after?: readonly ITerraformDependable[];
}

/** A command that Terraform runs at this place in its graph; see {@link STEPS}. */
export class Step<Id extends StepId> extends Construct {
  /** Depend on this to happen after the step; of one that runs at a removal: to be removed before it runs. */
  readonly done: ITerraformDependable;
  /** Another value after each run. */
  readonly run: string;

  constructor(scope: Construct, step: Id, { of, given, triggers, follows, keyedBy, after }: StepProps<Id>) {
    super(scope, resourceName(step, of));
    const texts = textsOf(triggers);
    const key = keyedBy === undefined ? undefined : TerraformIterator.fromList([texts[keyedBy] ?? ""]);
    const { when } = STEPS[step];
    const resource = new NullResource(this, "Default", {
      triggers: key === undefined || keyedBy === undefined ? texts : { ...texts, [keyedBy]: key.value },
      // With another subject, the step of the old one runs only after the rest of the graph has left it.
      ...(key === undefined ? {} : { forEach: key, lifecycle: { createBeforeDestroy: true } }),
      ...(follows === undefined ? {} : { lifecycle: { replaceTriggeredBy: [follows] } }),
      ...(after === undefined ? {} : { dependsOn: [...after] }),
      provisioners: [
        {
          type: "local-exec",
          command: commandOf(step),
          workingDir: `\${path.root}/${this.#pathToRepository()}`,
          environment: {
            ...this.#inParts(textsOf(given)),
            ...(readsState(step) ? { TERRAFORM_DIRECTORY: `\${abspath(path.root)}` } : {}),
          },
          ...(when === "destroy" ? { when } : {}),
        },
      ],
    });
    this.done = resource;
    this.run = resource.id;
  }

  /** The variables, with a long one in several: `NAME`, `NAME_2`, … An allow list of some thousand blocks is one. */
  #inParts(variables: Readonly<Record<string, string>>): Record<string, string> {
    const parts = Object.entries(variables).flatMap(([name, text]) => {
      const bytes = bytesOf(text, this);
      if (bytes <= LONGEST) return [[name, text]];
      const count = Math.ceil(bytes / PART);
      return Array.from({ length: count }, (_, index) => [
        partName(name, index + 1),
        Fn.substr(text, index * PART, PART),
      ]);
    });
    return Object.fromEntries(parts);
  }

  /** Relative to the directory that Terraform runs the stack in, with slashes on every system. */
  #pathToRepository(): string {
    const directory = join(App.of(this).outdir, "stacks", TerraformStack.of(this).node.id);
    return relative(directory, REPOSITORY).split(sep).join("/");
  }
}

/** What a trigger of the step itself holds. */
export function trigger(name: string): string {
  return TerraformSelf.getString(`triggers.${name}`);
}

/** What is left out is left out; a user's text is one that Terraform takes literally. */
function textsOf(values: object): Record<string, string> {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, escapeTemplate(Token.asString(value))]));
}
