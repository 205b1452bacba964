import { isDeepStrictEqual } from "node:util";
import { stepOfProvisioner } from "../../../steps/steps.ts";
import { type AttributeChange, attributeChanges, HIDDEN } from "../plan/attribute-change.ts";
import {
  type Block,
  blocksOf,
  type Configuration,
  type Json,
  namedBlocksOf,
  objects,
  record,
} from "../plan/configuration.ts";
import type { Planned } from "../plan/planned.ts";
import type { ConfiguredModule, TerraformPlan } from "../plan/terraform-plan.ts";
import type { Consequence } from "./consequence.ts";
import { fieldsOf, setting, text } from "./settings.ts";
import { whilePlanning } from "./while-planning.ts";

/** What synthesis wrote, with which what was planned is compared. */
export interface Synthesized {
  /** `cdk.tf.json`, without notes. */
  readonly terraform: Json;
  /** Where the steps run, as the Terraform says it. */
  readonly workingDirectory: string;
}

/**
 * Every program that this configuration would run and that is not exactly one of our steps, wherever it stands and
 * whether or not it runs in this apply: in full.
 */
export function codeOf({ plan, configuration }: Planned, synthesized: Synthesized | undefined): Consequence[] {
  const resources = new Set(
    configuration.root.flatMap(({ blocks }) => blocksOf(blocks, "resource").map((one) => one.address)),
  );
  const generated = synthesized && {
    ...synthesized,
    provisioners: readsAsGenerated(configuration, synthesized) ? provisionersIn(synthesized.terraform) : new Map(),
  };
  const written = configuration.root.flatMap(({ blocks }) => [
    ...blocksOf(blocks, "resource").flatMap((block) => provisionersOf(block, plan, configuration, generated)),
    ...removedProvisioners(blocks, plan, configuration),
    ...blocksOf(blocks, "action").map((block) => {
      const fields = [...fieldsOf(block.type, block.body), ...referred(block.body, configuration, plan)];
      return consequence(
        block.address,
        `Describes an action of a provider (${block.type}), which may run a program.`,
        fields,
      );
    }),
  ]);
  const known = new Set(written.map(({ address }) => address));
  // What is not written in JSON stands in the plan only: modules, files in HCL.
  const planned = modulesOf(plan.configuration.root_module, "").flatMap(({ path, module }) =>
    module.resources
      .filter(({ address }) => path !== "" || !resources.has(address))
      .flatMap(({ address, provisioners }) =>
        provisioners.map(({ type, expressions }) => {
          const fields = Object.entries(expressions).map(([name, value]) =>
            setting(`${type}.${name}`, expression(value)),
          );
          return consequence(`${path}${address}`, `Runs a command that is not this project's (${type}).`, fields);
        }),
      ),
  );
  return [
    ...written,
    ...whilePlanning(configuration),
    ...planned.filter(({ address }) => !known.has(address)),
    ...invocationsOf(plan),
  ];
}

function provisionersOf(
  { address, type, body }: Block,
  plan: TerraformPlan,
  configuration: Configuration,
  generated: Generated | undefined,
): Consequence[] {
  const all = objects(body.provisioner);
  if (all.length === 0) return [];
  if (all.length === 1 && type === "null_resource" && isOurs(address, all[0], body, generated)) return [];
  return all.flatMap((provisioner) =>
    Object.entries(provisioner).flatMap(([kind, settings]) =>
      objects(settings).map((own) => {
        const when = own.when === "destroy" ? "before it is destroyed" : "after it is created";
        const failure = own.on_failure === "continue" ? " When it fails, the apply goes on." : "";
        const fields = fieldsOf(kind, {
          ...own,
          ...(body.connection === undefined ? {} : { connection: body.connection }),
        });
        return consequence(address, `Runs a command that is not this project's (${kind}), ${when}.${failure}`, [
          ...fields,
          ...referred(own, configuration, plan),
        ]);
      }),
    ),
  );
}

interface Generated extends Synthesized {
  /** By address. */
  readonly provisioners: ReadonlyMap<string, readonly Json[]>;
}

/** Whether what our steps refer to is nowhere something else: another file may override a local. */
function readsAsGenerated({ root }: Configuration, { terraform }: Synthesized): boolean {
  const written = root.flatMap(({ blocks }) => objects(blocks.locals).flatMap((own) => Object.entries(own)));
  return objects(terraform.locals).every((own) =>
    Object.entries(own).every(([name, value]) =>
      written.every(([other, found]) => other !== name || isDeepStrictEqual(found, value)),
    ),
  );
}

function provisionersIn(terraform: Json): Generated["provisioners"] {
  return new Map(
    blocksOf(terraform, "resource").map(({ address, body }) => [address, objects(body.provisioner)] as const),
  );
}

/** A step is ours when it is all that the table and this synthesis make of it, in the place where they run it. */
function isOurs(address: string, provisioner: unknown, body: Json, generated: Generated | undefined): boolean {
  if (stepOfProvisioner(provisioner) === undefined || body.connection !== undefined) return false;
  if (generated === undefined) return true;
  const directory = record.safeParse(objects(provisioner)[0]?.["local-exec"]).data?.working_dir;
  return (
    directory === generated.workingDirectory && isDeepStrictEqual(generated.provisioners.get(address), [provisioner])
  );
}

/** A `removed` block may have commands, which run when what it names is destroyed. */
function removedProvisioners(blocks: Json, plan: TerraformPlan, configuration: Configuration): Consequence[] {
  return objects(blocks.removed).flatMap((body) =>
    provisionersOf({ address: `removed.${text(body.from)}`, type: "removed", body }, plan, configuration, undefined),
  );
}

/** What providers do beside changing resources, in Terraform ≥ 1.14. */
function invocationsOf(plan: TerraformPlan): Consequence[] {
  const deferred = plan.deferred_action_invocations.map(({ reason, action_invocation }) => ({
    invocation: action_invocation,
    when: `later: it is deferred (${reason})`,
  }));
  const now = plan.action_invocations.map((invocation) => {
    const { triggering_resource_address: of, action_trigger_event: event } = invocation.lifecycle_action_trigger ?? {};
    return { invocation, when: of === undefined ? "in this apply" : `in this apply, ${event ?? "with"} ${of}` };
  });
  return [...now, ...deferred].map(({ invocation, when }) => {
    const { address, config_values, config_sensitive, config_unknown } = invocation;
    const change = { after: config_values, after_sensitive: config_sensitive, after_unknown: config_unknown };
    const fields = attributeChanges(
      { actions: [], replace_paths: [], before_sensitive: false, ...change },
      Number.POSITIVE_INFINITY,
    );
    return consequence(address, `Invokes an action of a provider ${when}.`, fields);
  });
}

function consequence(address: string, sentence: string, causes: readonly AttributeChange[]): Consequence {
  return { kind: "code", address, consequence: sentence, causes, acknowledge: true };
}

/** What an expression says, as far as a plan tells. */
function expression(value: unknown): unknown {
  const known = record.safeParse(value).data;
  if (known === undefined || !("constant_value" in known)) return known?.references ?? value;
  return known.constant_value;
}

/** What a command takes from elsewhere in the configuration: a command by reference is shown with what it refers to. */
function referred(body: Json, configuration: Configuration, plan: TerraformPlan): AttributeChange[] {
  const locals = new Map(
    configuration.root.flatMap(({ blocks }) => objects(blocks.locals).flatMap((own) => Object.entries(own))),
  );
  const shown = new Map<string, string>();
  const queue = [JSON.stringify(body)];
  // Each name once, so that a circle ends.
  for (let next = queue.pop(); next !== undefined && shown.size < 100; next = queue.pop()) {
    for (const [name, kind = "", own = ""] of next.matchAll(/\b(local|var)\.([\w-]+)/g)) {
      if (shown.has(name)) continue;
      const value = kind === "local" ? locals.get(own) : variableOf(own, configuration, plan);
      if (value === undefined) continue;
      shown.set(name, text(value));
      queue.push(JSON.stringify(value));
    }
  }
  return [...shown].map(([name, value]) => setting(name, value));
}

function variableOf(name: string, configuration: Configuration, plan: TerraformPlan): unknown {
  const declared = configuration.root.flatMap(({ blocks }) => namedBlocksOf(blocks, "variable"));
  const body = declared.find(({ address }) => address === `variable.${name}`)?.body;
  if (body?.sensitive !== undefined && body.sensitive !== false) return HIDDEN;
  return (Object.hasOwn(plan.variables, name) ? plan.variables[name]?.value : undefined) ?? body?.default;
}

function modulesOf(module: ConfiguredModule, path: string): { path: string; module: ConfiguredModule }[] {
  return [
    { path, module },
    ...Object.entries(module.module_calls).flatMap(([name, call]) =>
      call.module === undefined ? [] : modulesOf(call.module, `${path}module.${name}.`),
    ),
  ];
}
