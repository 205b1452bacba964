import { Command } from "commander";
import { sampleLine } from "../operations/figures.ts";
import type { Message } from "../operations/messages.ts";
import { Messenger, receiversFrom } from "../operations/notify.ts";
import type { Sample } from "../operations/sample.ts";
import { repeatEach, Watched, type WatchOutput } from "../operations/watch.ts";
import { startProgress } from "../runtime/progress.ts";
import { oneLine } from "../runtime/text.ts";
import type { Vantage } from "../vantage/vantage.ts";
import { vantageOption } from "./operation.ts";
import { parse, seconds } from "./parse.ts";
import type { CommandProgram, Ending, Program } from "./program.ts";
import { WatchView } from "./report/watch.ts";
import { samplersOf } from "./watched.ts";

interface Options {
  readonly once?: true;
  readonly every: number;
  readonly deadline: number;
  readonly oldestJob: number;
  readonly vantage?: Vantage | "auto";
}

const command = new Command("watch")
  .description(
    "Watches the instances of environments: live at a terminal, otherwise a line of JSON for each sample. Tells once when " +
      "something is wrong, and once when it is over.",
  )
  .argument("<environment...>", "the environments")
  .option("--once", "look once: for cron and CI")
  .option("--every <seconds>", "from one sample to the next", seconds, 15)
  .option("--deadline <seconds>", "with --once: the time for everything", seconds, 120)
  .option("--oldest-job <seconds>", "how long a job may wait", seconds, 3_600)
  .addOption(vantageOption("default: external; with --once auto, which may run a one-off job"))
  .addHelpText(
    "after",
    `
Who is told: WATCH_WEBHOOK_URL (JSON), WATCH_SLACK_URL, WATCH_PAGERDUTY_KEY (Events API v2; WATCH_PAGERDUTY_URL for Europe).`,
  )
  .exitOverride();

export const program: CommandProgram = {
  name: "watch",
  command,
  run: (program) => parse(command, (names: readonly string[], options: Options) => watch(names, options, program)),
};

async function watch(names: readonly string[], options: Options, program: Program): Promise<Ending> {
  const { once = false, every, deadline, oldestJob, vantage = once ? "auto" : "external" } = options;
  if (once) program.limit(deadline);
  const { signal } = program;
  const receivers = receiversFrom(process.env, program.secrets);
  const progress = once ? await startProgress(process.stderr) : undefined;
  const samplers = await samplersOf(names, program, {
    ...{ signal, vantage, seconds: once ? deadline : Math.max(5, every), oldestJobSeconds: oldestJob },
    onProgress: (environment, text) => progress?.update(environment, text),
  });
  const onTrouble = (text: string) => process.stderr.write(`${oneLine(text)}\n`);
  const output = outputTo(process.stdout, new Messenger(receivers, signal, onTrouble), onTrouble);
  const watched = samplers.map((sampler) => new Watched(sampler, output, once));
  if (!once) {
    await repeatEach(
      watched.map((each) => () => each.look()),
      every * 1_000,
      signal,
    );
    return "good";
  }
  const looks = await Promise.all(watched.map((each) => each.look()));
  await Promise.all(looks.map(({ told }) => told));
  progress?.stop();
  if (watched.some(({ open }) => open.length > 0)) return "failed";
  return looks.some(({ sample }) => sample.up === undefined) ? "unknown" : "good";
}

/** A live view at a terminal; otherwise lines of JSON. */
function outputTo(stream: NodeJS.WriteStream, messenger: Messenger, onTrouble: WatchOutput["onTrouble"]): WatchOutput {
  if (stream.isTTY) {
    const view = new WatchView();
    const onSample: WatchOutput["onSample"] = (sample, open) => {
      view.take(sample, open);
      stream.write(view.draw(stream.columns, stream.rows));
    };
    return { messenger, onTrouble, onSample, onMessage: () => {} };
  }
  const before = new Map<string, Sample>();
  return {
    ...{ messenger, onTrouble },
    onSample(sample, open) {
      const { environment, name } = sample.expected;
      const key = `${environment} ${name}`;
      stream.write(`${JSON.stringify(sampleLine(sample, before.get(key), open))}\n`);
      before.set(key, sample);
    },
    onMessage: (message: Message) => void stream.write(`${JSON.stringify(message)}\n`),
  };
}
