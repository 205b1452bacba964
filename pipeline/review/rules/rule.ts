import type { KeyValue } from "../../../render/api/endpoints.ts";
import type { StepId } from "../../../steps/steps.ts";
import type { AttributeChange } from "../plan/attribute-change.ts";
import type { ChangeContext } from "../plan/noise.ts";
import type { ResourceChange } from "../plan/resource-change.ts";
import type { Kind } from "./consequence.ts";

/** An instance that Render has and the state does not. */
export type OtherInstance = Pick<KeyValue, "id" | "plan">;

/** What a rule can see beside the change that it judges. */
export interface RuleContext extends ChangeContext {
  readonly environment: string;
  /** Our steps, by the addresses in the configuration. */
  readonly steps: ReadonlyMap<string, StepId>;
  /** The workspace's instances that Terraform does not know of, when the plan makes one. */
  readonly others: readonly OtherInstance[];
  /** What synthesis moves within a type, to its new address by its old one. */
  readonly renames: ReadonlyMap<string, string>;
}

/** One thing to look for in a plan. */
export interface Rule {
  readonly kind: Kind;
  readonly when: (change: ResourceChange, context: RuleContext) => boolean;
  /** The consequence, as a sentence. */
  readonly says: (change: ResourceChange, context: RuleContext) => string;
  /** The same when it has already happened, outside Terraform. Without it the rule says nothing of drift. */
  readonly happened?: (change: ResourceChange, context: RuleContext) => string;
  /** The attributes that bring it about. Default none. */
  readonly causes?: (change: ResourceChange) => readonly AttributeChange[];
  /** Whether somebody must acknowledge it by name before it is applied. Default no. */
  readonly acknowledge?: (change: ResourceChange, context: RuleContext) => boolean;
}
