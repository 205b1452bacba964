import { type Command, InvalidArgumentError, Option } from "commander";
import { LocalControl } from "../emulator/control.ts";
import type { FaultChanges } from "../emulator/faults.ts";

interface CallOptions {
  readonly after: number;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path?: string;
}

/** `fault …`: makes things go wrong in a running local Render. */
export function addFaultCommands(program: Command, directory: () => string): void {
  const fault = program
    .command("fault")
    .description("make things go wrong, or right again, in the running local Render");
  const change = async (changes: FaultChanges) => show(await LocalControl.of(directory()).setFaults(changes));

  fault
    .command("show", { isDefault: true })
    .description("show what is switched on")
    .action(async () => show(await LocalControl.of(directory()).faults()));
  fault
    .command("clear")
    .description("switch all faults of the API off; instances that were killed or frozen stay so")
    .action(async () => LocalControl.of(directory()).clearFaults());
  fault
    .command("latency <milliseconds>")
    .description("answer every call this much later")
    .action((milliseconds: string) => change({ latencyMs: count(milliseconds) }));
  fault
    .command("stuck <on|off>")
    .description("keep new and restarting instances from becoming available")
    .action((value: string) => change({ stuckCreating: onOff(value) }));
  fault
    .command("deploy <build_failed|update_failed|pre_deploy_failed|canceled|off>")
    .description("let deploys end like this")
    .action((value: string) => change({ deployFailure: deployFailure(value) }));
  fault
    .command("deploy-accepted <on|off>")
    .description("answer a new deploy with 202 and no body")
    .action((value: string) => change({ deployAccepted: onOff(value) }));
  fault
    .command("new-plan-names <on|off>")
    .description("show plans under their names of August 2026")
    .action((value: string) => change({ newPlanNames: onOff(value) }));

  const onCalls = (name: string, description: string, act: (times: number, options: CallOptions) => Promise<void>) => {
    fault
      .command(`${name} <times>`)
      .description(description)
      .addOption(new Option("--after <calls>", "let this many pass first").argParser(count).default(0))
      .addOption(new Option("--method <method>", "only these").choices(["GET", "POST", "PUT", "PATCH", "DELETE"]))
      .option("--path <prefix>", "only calls whose path begins so, for example /key-value")
      .action((times: string, options: CallOptions) => act(count(times), options));
  };
  onCalls("too-many-requests", "answer calls with 429", (times, options) => {
    return change({ tooManyRequests: { times, ...options } });
  });
  onCalls("server-error", "answer calls with 500", (times, options) => change({ serverError: { times, ...options } }));
  onCalls("garbage", "answer calls with something that is not JSON", (times, options) => {
    return change({ garbage: { times, ...options } });
  });
  onCalls("broken-connection", "break the connection after calls took effect", (times, options) => {
    return change({ brokenConnection: { times, ...options } });
  });

  const onInstance = (name: string, description: string, act: (control: LocalControl, id: string) => Promise<void>) => {
    fault
      .command(`${name} <instance>`)
      .description(description)
      .action((id: string) => act(LocalControl.of(directory()), id));
  };
  onInstance("kill", "kill an instance's server and keep it down", (control, id) => control.kill(id));
  onInstance("start", "start the server of a killed instance", (control, id) => control.start(id));
  onInstance("freeze", "stop an instance's server in its tracks", (control, id) => control.freeze(id));
  onInstance("thaw", "let a frozen server go on", (control, id) => control.thaw(id));
  onInstance("fill", "fill an instance to its memory limit", (control, id) => control.fill(id));
  onInstance("drain", "remove what filled it", (control, id) => control.drain(id));
  fault
    .command("policy <instance> <policy>")
    .description("change the running server's eviction policy behind the API's back")
    .action((id: string, policy: string) => LocalControl.of(directory()).setPolicy(id, policy));
  fault
    .command("internal-authentication <instance> <on|off>")
    .description("the dashboard's switch: ask for a password inside, too")
    .action((id: string, value: string) => LocalControl.of(directory()).setInternalAuthentication(id, onOff(value)));
}

/** `requests`: the latest calls of the API. */
export function addRequestsCommand(program: Command, directory: () => string): void {
  program
    .command("requests")
    .description("show the latest calls of the API")
    .option("--clear", "forget them instead")
    .action(async ({ clear }: { clear?: boolean }) => {
      const control = LocalControl.of(directory());
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

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`It must be a whole number, got: "${text}".`);
  return Number(text);
}

function onOff(text: string): boolean {
  if (text !== "on" && text !== "off") throw new InvalidArgumentError(`It must be "on" or "off", got: "${text}".`);
  return text === "on";
}

function deployFailure(text: string): NonNullable<FaultChanges["deployFailure"]> | null {
  if (text === "off") return null;
  if (text === "build_failed" || text === "update_failed" || text === "pre_deploy_failed" || text === "canceled") {
    return text;
  }
  throw new InvalidArgumentError(
    `It must be build_failed, update_failed, pre_deploy_failed, canceled or off, got: "${text}".`,
  );
}
