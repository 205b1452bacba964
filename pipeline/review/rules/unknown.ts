import { isDeepStrictEqual } from "node:util";
import type { Block, Json } from "../plan/configuration.ts";
import { blocksOf, namedBlocksOf, objects, record, SYNTHESIZED_FILE } from "../plan/configuration.ts";
import { notAnalysed } from "../plan/not-analysed.ts";
import type { Planned } from "../plan/planned.ts";
import type { Synthesized } from "./code.ts";
import type { Consequence } from "./consequence.ts";
import { fieldsOf, text } from "./settings.ts";
import { PROGRAMS } from "./while-planning.ts";

/** The blocks that rules read; `data`, `ephemeral`, `action` and `module` as far as they say what runs. */
const BLOCKS = new Set([
  ..."resource output provider terraform variable locals data ephemeral action module check".split(" "),
  ..."moved import removed".split(" "),
]);
const LIFECYCLE = new Set(
  "create_before_destroy prevent_destroy ignore_changes replace_triggered_by precondition postcondition".split(" "),
);

/** What this review cannot judge: whatever a plan or its configuration holds that no rule has looked at. */
export function unknownOf(
  { plan, configuration, resources, outputs }: Planned,
  synthesized: Synthesized | undefined,
): Consequence[] {
  const isPartial = !plan.complete && !plan.errored;
  return [
    ...notAnalysed(plan).map(({ address, what }) => unknown(address, `${what}.`)),
    ...[...resources, ...outputs]
      .filter(({ action }) => action === "unknown")
      .map(({ address, actions }) => unknown(address, `No rule of this review knows the action ${text(actions)}.`)),
    ...plan.deferred_changes.map(({ reason, resource_change: { address } }) =>
      unknown(
        address,
        `Terraform has deferred this change (${reason}): a later apply makes it, and this plan does not show it.`,
      ),
    ),
    ...(isPartial ? [unknown("plan", "The plan is partial: it does not do all that is described.")] : []),
    ...plan.checks
      // Where planning failed, the errors say it.
      .filter(({ status }) => !plan.errored && (status === "fail" || status === "error"))
      .map(({ address, instances }): Consequence => {
        const problems = instances.flatMap((one) => one.problems.map(({ message }) => message)).join(" ");
        const consequence = `A condition does not hold, and the apply would go on all the same: ${problems}`;
        return { kind: "checks", address: address.to_display, consequence, causes: [], acknowledge: true };
      }),
    ...configuration.root.flatMap(({ file, blocks }) => [
      ...(file === SYNTHESIZED_FILE
        ? altered(blocks, synthesized)
        : [
            unknown(
              file,
              "This file is part of the Terraform, and synthesis did not write it.",
              fieldsOf(file, blocks),
            ),
          ]),
      ...Object.keys(blocks)
        .filter((kind) => !BLOCKS.has(kind))
        .map((kind) =>
          unknown(kind, `No rule of this review knows blocks of the kind \`${kind}\`.`, fieldsOf(kind, blocks)),
        ),
      ...[...sources(blocks), ...namedBlocksOf(blocks, "check")].map(({ address, body }) =>
        unknown(address, "No rule of this review knows what this reads or does.", fieldsOf(address, body)),
      ),
      ...blocksOf(blocks, "resource").flatMap(unknownLifecycle),
    ]),
  ];
}

function sources(blocks: Json): Block[] {
  const all = (["data", "ephemeral"] as const).flatMap((kind) => blocksOf(blocks, kind));
  return all.filter(({ type }) => !PROGRAMS.has(type));
}

/** A file that has the right name and is not what synthesis wrote. */
function altered(blocks: Json, synthesized: Synthesized | undefined): Consequence[] {
  if (synthesized === undefined || isDeepStrictEqual(blocks, synthesized.terraform)) return [];
  const kinds = new Set([...Object.keys(blocks), ...Object.keys(synthesized.terraform)]);
  const other = [...kinds].filter((kind) => !isDeepStrictEqual(blocks[kind], synthesized.terraform[kind]));
  return [
    unknown(SYNTHESIZED_FILE, `It is not what synthesis wrote: ${other.join(", ")}.`, fieldsOf("planned", blocks)),
  ];
}

function unknownLifecycle({ address, body }: Block): Consequence[] {
  return objects(body.lifecycle).flatMap((settings) => {
    const other = Object.entries(settings).filter(([name]) => !LIFECYCLE.has(name));
    if (other.length === 0) return [];
    const fields = fieldsOf("lifecycle", record.parse(Object.fromEntries(other)));
    return [unknown(address, "No rule of this review knows these settings.", fields)];
  });
}

function unknown(address: string, consequence: string, causes: Consequence["causes"] = []): Consequence {
  return { kind: "not-analysed", address, consequence, causes, acknowledge: true };
}
