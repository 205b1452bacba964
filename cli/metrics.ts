import { Command, InvalidArgumentError } from "commander";
import { prometheusText } from "../operations/metrics.ts";
import type { Sample } from "../operations/sample.ts";
import { serveMetrics } from "../operations/scrapes.ts";
import { repeatEach } from "../operations/watch.ts";
import { startProgress } from "../runtime/progress.ts";
import { parse, seconds } from "./parse.ts";
import type { CommandProgram, Program } from "./program.ts";
import { samplersOf } from "./watched.ts";

interface Options {
  readonly listen?: { readonly host: string; readonly port: number };
  readonly every: number;
  readonly deadline: number;
}

const command = new Command("metrics")
  .description("Shows what is measured of an environment's instances, for Prometheus, in redis_exporter's names.")
  .argument("<environment...>", "the environments")
  .option("--once", "print it and end (default)")
  .option("--listen <[host:]port>", "serve it at /metrics until it is stopped; host: 127.0.0.1", place)
  .option("--every <seconds>", "with --listen: how often the instances are looked at", seconds, 15)
  .option("--deadline <seconds>", "without --listen: the time for everything", seconds, 60)
  .exitOverride();

export const program: CommandProgram = {
  name: "metrics",
  command,
  run: (program) => parse(command, (names: readonly string[], options: Options) => metrics(names, options, program)),
};

async function metrics(names: readonly string[], { listen, every, deadline }: Options, program: Program) {
  if (listen === undefined) program.limit(deadline);
  const { signal } = program;
  const progress = await startProgress(process.stderr);
  const onProgress = (environment: string, text: string) => {
    if (listen === undefined) progress.update(environment, text);
  };
  const samplers = await samplersOf(names, program, {
    ...{ signal, onProgress, vantage: listen === undefined ? "auto" : "external" },
    ...{ seconds: listen === undefined ? deadline : every, oldestJobSeconds: Number.POSITIVE_INFINITY },
  });
  if (listen === undefined) {
    const samples = await Promise.all(samplers.map((sampler) => sampler.sample()));
    progress.stop();
    process.stdout.write(prometheusText(samples));
    return samples.some(({ up }) => up === undefined) ? "unknown" : "good";
  }
  progress.stop();
  const latest = new Map<(typeof samplers)[number], Sample>();
  const address = await serveMetrics(listen, () => prometheusText([...latest.values()]), signal);
  console.error(`Serving http://${address}/metrics`);
  const looks = samplers.map((sampler) => async () => latest.set(sampler, await sampler.sample()));
  await repeatEach(looks, every * 1_000, signal);
  return "good";
}

/** `9121`, `0.0.0.0:9121`, `[::1]:9121`. */
function place(text: string): Options["listen"] {
  const [, six, host = six ?? "127.0.0.1", port = ""] =
    /^(?:(?:\[([\da-f:]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(text) ?? [];
  if (port === "" || Number(port) > 65_535)
    throw new InvalidArgumentError("It must be a port, as in 9121 or 0.0.0.0:9121.");
  return { host, port: Number(port) };
}
