import { cpus } from "node:os";
import { sleep } from "../../runtime/wait.ts";
import { Stage, type StageOptions } from "./stage.ts";
import { missed, type Outage, type Tally, tally } from "./tally.ts";

export const WARM_UP_MS = 1_500;

export interface DrillResult extends Tally {
  readonly missed: readonly string[];
  /** The share of the machine that nothing used meanwhile, from 0 to 1. */
  readonly idle: number;
  /** What else is worth knowing, a line each. */
  readonly notes: readonly string[];
}

export interface DrillOptions extends Pick<StageOptions, "overlappingDeploys"> {
  /** Seconds that Redis is away. */
  readonly seconds: number;
  readonly say: (line: string) => void;
  /** Is given the stage once it is set, for a live view. */
  readonly onStage: (stage: Stage) => void;
}

/** One rehearsal of something that goes wrong, or is done on purpose, while messages come in. */
export interface Drill {
  readonly title: string;
  readonly run: (options: DrillOptions) => Promise<DrillResult>;
}

/** What happens while messages come in, and what there is to say of it. */
type Act = (stage: Stage, options: DrillOptions) => Promise<{ outage?: Outage; notes?: readonly string[] }>;

/** Sets the stage, lets messages come in, and counts at the end what became of them. */
export function drill(title: string, act: Act, stageOptions: StageOptions = {}): Drill {
  return {
    title,
    async run(options) {
      const { say, onStage } = options;
      say("the service starts, with a fake provider that counts messages");
      const { overlappingDeploys = "override" } = options;
      const stage = await Stage.open({ ...stageOptions, overlappingDeploys });
      const machine = watchMachine();
      const { load, sink } = stage;
      try {
        onStage(stage);
        say("messages come in; there is no Redis yet");
        load.start();
        await sleep(WARM_UP_MS);
        const baseline = [...load.messages];
        const { outage, notes = [] } = await act(stage, options);
        await load.stop();
        say("waiting for the last messages");
        const left = await stage.settle();
        const result = tally({ messages: load.messages, baseline, outage, left, times: (id) => sink.times(id) });
        const idle = machine();
        return { ...result, idle, missed: missed(result, outage !== undefined, idle), notes };
      } finally {
        await stage.close();
      }
    },
  };
}

/** Begins to measure; gives the share of all cores that was idle since. */
function watchMachine(): () => number {
  const times = () => {
    const all = cpus().map((cpu) => cpu.times);
    const total = all.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
    return { idle: all.reduce((sum, { idle }) => sum + idle, 0), total };
  };
  const began = times();
  return () => {
    const now = times();
    return (now.idle - began.idle) / Math.max(1, now.total - began.total);
  };
}
