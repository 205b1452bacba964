import type { IConstruct } from "constructs";
import { isCache } from "../render/instance.ts";
import type { Service } from "../render/service.ts";
import { notOneOf } from "../runtime/errors.ts";
import { type PolicyRule, type PolicySubject, policyRules } from "./policy-rules.ts";
import { RedisInstance } from "./redis-instance.ts";
import { Keyvalue } from "./render/keyvalue.ts";

export interface PolicyProps {
  readonly environment: {
    readonly name: string;
    /** Whether people depend on it. */
    readonly production: boolean;
    readonly services: Readonly<Record<string, Pick<Service, "region" | "uses">>>;
    readonly exceptions: PolicyResult["exceptions"];
  };
  /** Terraform's kind of backend, which keeps the state. */
  readonly stateType: string;
  /** What looks like a secret among the services' variables, by name; default nothing. */
  readonly secrets?: readonly string[];
}

/** What the policy says of one environment. */
export interface PolicyResult {
  /** Whole sentences; any of them stops the synthesis. */
  readonly errors: readonly string[];
  readonly warnings: readonly { readonly rule: string; readonly message: string }[];
  /** The rules that are broken, and acknowledged. */
  readonly exceptions: readonly { readonly rule: string; readonly reason: string }[];
}

/**
 * The policy of a stack, judged when the stack is validated, before Terraform is ever called.
 *
 * An exception acknowledges a rule that is broken, and says why. One that names no rule, or a rule that is not broken, is
 * an error: the list of exceptions is true, or it is worth nothing.
 */
export class Policy {
  readonly #scope: IConstruct;
  readonly #props: PolicyProps;

  constructor(scope: IConstruct, props: PolicyProps) {
    this.#scope = scope;
    this.#props = props;
    scope.node.addValidation({ validate: () => [...this.result().errors] });
  }

  /** Of the constructs as they are now. */
  result(): PolicyResult {
    const subject = subjectOf(this.#scope, this.#props);
    const { name, exceptions } = this.#props.environment;
    const broken = policyRules.flatMap((rule) => {
      const violations = rule.violations(subject);
      return violations.length === 0 ? [] : [{ rule, violations }];
    });
    const open = broken.filter(({ rule }) => !exceptions.some((exception) => exception.rule === rule.id));
    const errors = open.filter(({ rule }) => rule.severity === "error");
    const warnings = open.filter(({ rule }) => rule.severity === "warning");
    return {
      errors: [
        ...errors.map(({ rule, violations }) => describe(name, rule, violations)),
        ...exceptions.flatMap(({ rule }) =>
          uselessException(
            rule,
            broken.map((entry) => entry.rule.id),
          ),
        ),
      ],
      warnings: warnings.map(({ rule, violations }) => ({ rule: rule.id, message: sentence(rule, violations) })),
      exceptions,
    };
  }
}

function subjectOf(scope: IConstruct, { environment, stateType, secrets = [] }: PolicyProps): PolicySubject {
  const instances = scope.node.findAll().filter((construct) => construct instanceof Keyvalue);
  const services = Object.entries(environment.services);
  return {
    environment: environment.name,
    isProduction: environment.production,
    stateType,
    secrets,
    instances: instances.map(({ friendlyUniqueId: key, config, node: { scope: owner } }) => ({
      address: `render_keyvalue.${key}`,
      config,
      isCache: owner instanceof RedisInstance && isCache(owner.instance),
      users: services.flatMap(([name, { region, uses }]) =>
        Object.values(uses).some(({ redis }) => redis === key) ? [{ name, region }] : [],
      ),
    })),
    hasServices: services.length > 0,
  };
}

function describe(environment: string, rule: PolicyRule, violations: readonly string[]): string {
  return `The environment "${environment}" breaks the rule ${rule.id}: ${sentence(rule, violations)} Or add an exception with the reason: exceptions: [{ rule: "${rule.id}", reason: "…" }]`;
}

function sentence({ what, why, remedy }: PolicyRule, violations: readonly string[]): string {
  return `${what} Here ${violations.join(", and ")}. ${why} ${remedy}`;
}

function uselessException(id: string, broken: readonly string[]): string[] {
  const ids = policyRules.map((rule) => rule.id);
  if (!ids.includes(id)) return [`\`exceptions.rule\` ${notOneOf(ids, id).message}`];
  if (broken.includes(id)) return [];
  return [`The exception from the rule ${id} is not needed, since the rule holds. Remove it.`];
}
