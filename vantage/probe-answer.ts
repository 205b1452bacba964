import { inflateRawSync } from "node:zlib";
import { z } from "zod";
import type { Answer, Observation } from "../checks/observation/observation.ts";
import { FAILURE_KINDS, type FailureKind } from "../redis/failure.ts";
import { LINE_PREFIX } from "./probe-lines.ts";

const failure = z.enum(FAILURE_KINDS);
const answer = z.union([
  z.object({ reply: z.union([z.string(), z.number(), z.null()]) }),
  z.object({ failure }),
]) satisfies z.ZodType<Answer>;
const number = z.int().min(0);

const observation = z.object({
  core: z.object({
    ping: answer,
    latenciesMs: z.array(z.number()),
    info: answer,
    configuredPolicy: answer,
    write: z.object({ value: z.string(), set: answer, get: answer, ttl: answer, deleted: answer }),
  }),
  stranger: answer.optional(),
  pubSub: z.object({ delivered: answer }).optional(),
  queue: z.object({ commands: answer.and(z.object({ command: z.string().optional() })) }).optional(),
  proof: z
    .union([
      z.object({ refused: z.string() }),
      z.object({ failure }),
      z.object({ canary: answer, created: number, grown: number, alive: number, evicted: z.int() }),
    ])
    .optional(),
}) satisfies z.ZodType<Observation>;

const probeAnswer = z.union([z.object({ observation }), z.object({ failure })]);

export type ProbeAnswer = { readonly observation: Observation } | { readonly failure: FailureKind };

/** What the probe saw, from the lines of its job's log; `undefined` while lines are missing, or when they are not its own. */
export function readProbeAnswer(lines: readonly string[]): ProbeAnswer | undefined {
  const parts = lines.flatMap((line) => {
    const match = new RegExp(`${LINE_PREFIX} (\\d+)/(\\d+) (\\S+)`).exec(line);
    return match === null ? [] : [{ index: Number(match[1]), total: Number(match[2]), text: match[3] ?? "" }];
  });
  const total = parts[0]?.total;
  const whole = Array.from({ length: total ?? 0 }, (_, index) => parts.find((part) => part.index === index + 1)?.text);
  if (total === undefined || whole.includes(undefined)) return undefined;
  try {
    return probeAnswer.parse(JSON.parse(inflateRawSync(Buffer.from(whole.join(""), "base64")).toString()));
  } catch {
    return undefined;
  }
}
