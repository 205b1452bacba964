import { type Command, InvalidArgumentError, Option } from "commander";
import type { z } from "zod";
import { EmulatorControl } from "../emulator/control.ts";
import type { FaultChanges } from "../emulator/workspace/faults.ts";
import { type Calls, isAct, STEERING } from "../emulator/workspace/steering.ts";

/** `fault …`: makes things go wrong in a running emulator. The commands are those of its table of steering. */
export function addFaultCommands(program: Command, directory: () => string): void {
  const control = () => EmulatorControl.of(directory());
  const change = async (changes: FaultChanges) => show(await control().setFaults(changes));
  const fault = program
    .command("fault")
    .description("make things go wrong, or right again, in the running local Render");
  fault
    .command("show", { isDefault: true })
    .description("show what is switched on")
    .action(async () => show(await control().faults()));
  fault
    .command("clear")
    .description("switch all faults of the API off; instances that were killed or suspended stay so")
    .action(() => control().clearFaults());
  for (const [name, row] of Object.entries(STEERING)) {
    const command = fault.command(name).description(row.title);
    if (row.kind === "act") {
      command.argument("<instance>");
      if (row.usage !== "") command.argument(row.usage);
      command.action((id: string, argument?: string) => (isAct(name) ? control().act(name, id, argument) : undefined));
      continue;
    }
    command.argument(row.usage, undefined, checked(row.schema));
    if (row.kind === "setting") {
      command.action((text: string) => change(row.changes(text)));
      continue;
    }
    command
      .addOption(new Option("--after <calls>", "let this many pass first").argParser(count).default(0))
      .addOption(new Option("--method <method>", "only these").choices(["GET", "POST", "PUT", "PATCH", "DELETE"]))
      .option("--path <prefix>", "only calls whose path begins so, for example /key-value")
      .action((text: string, calls: Calls) => change(row.changes(text, calls)));
  }
}

/** `requests`: the latest calls of the API. */
export function addRequestsCommand(program: Command, directory: () => string): void {
  program
    .command("requests")
    .description("show the latest calls of the API")
    .option("--clear", "forget them instead")
    .action(async ({ clear }: { clear?: boolean }) => {
      const control = EmulatorControl.of(directory());
      if (clear) return control.clearRequests();
      for (const { at, method, path, status } of (await control.requests()).slice(-40)) {
        console.log(`${at.slice(11, 23)}  ${status}  ${method.padEnd(6)}  ${path}`);
      }
      return undefined;
    });
}

function show(faults: object): void {
  for (const [name, value] of Object.entries(faults)) console.log(`${name.padEnd(18)} ${JSON.stringify(value)}`);
}

/** The text as it is, once it is one that the command takes. */
function checked(schema: z.ZodType): (text: string) => string {
  return (text) => {
    const problem = schema.safeParse(text).error?.issues[0]?.message;
    if (problem !== undefined) throw new InvalidArgumentError(`${problem}, got: "${text}".`);
    return text;
  };
}

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`It must be a whole number, got: "${text}".`);
  return Number(text);
}
