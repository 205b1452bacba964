import { z } from "zod";
import { networkCause, retryAfterMs } from "../render/api/http.ts";
import { Stop } from "../runtime/errors.ts";
import { type HttpAnswer, sendHttp } from "../runtime/http.ts";
import type { Secrets } from "../runtime/secrets.ts";
import { until, within } from "../runtime/wait.ts";
import { type Message, summaryOf } from "./messages.ts";

const RETRIES_MS = { first: 1_000, longest: 60_000 } as const;
/** Milliseconds that one attempt may take. */
const ATTEMPT_MS = 10_000;
/** Milliseconds after which a message is given up: it is old by then. */
const GIVE_UP_MS = 3_600_000;
/** Statuses after which the same message may be sent again. */
const AGAIN = [408, 425, 429, 500, 502, 503, 504];
/** Messages that wait for one receiver. More mean that it has been away for long. */
const MOST_WAITING = 1_000;
/** Characters of a PagerDuty summary. */
const LONGEST_SUMMARY = 1_024;

/** Who is told: where, and in which form. */
interface Receiver {
  readonly name: string;
  readonly url: string;
  readonly body: (message: Message) => unknown;
}

const address = z.url({ protocol: /^https?$/, error: "must be an address such as https://example.com/hook." });
const variables = z.object({
  WATCH_WEBHOOK_URL: address.optional(),
  WATCH_SLACK_URL: address.optional(),
  WATCH_PAGERDUTY_KEY: z
    .string()
    .regex(/^\w+$/, "must be the integration key of an Events API v2 integration.")
    .optional(),
  /** For PagerDuty's service region in Europe. */
  WATCH_PAGERDUTY_URL: address.default("https://events.pagerduty.com/v2/enqueue"),
});

/**
 * Who is told, by the variables that are set. Their values are secrets, so they are on no command line.
 *
 * @throws Stop naming each variable that is wrong; it shows no value.
 */
export function receiversFrom(env: Readonly<NodeJS.ProcessEnv>, secrets: Secrets): Receiver[] {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    const texts = parsed.error.issues.map((issue) => `\`${issue.path.join(".")}\` ${issue.message}`);
    throw new Stop("misused", texts.join("\n"));
  }
  const { WATCH_WEBHOOK_URL: hook, WATCH_SLACK_URL: slack, WATCH_PAGERDUTY_KEY: key } = parsed.data;
  for (const secret of [hook, slack, key]) secrets.add(secret);
  return [
    ...(hook === undefined ? [] : [{ name: "WATCH_WEBHOOK_URL", url: hook, body: (message: Message) => message }]),
    ...(slack === undefined ? [] : [{ name: "WATCH_SLACK_URL", url: slack, body: slackMessage }]),
    ...(key === undefined
      ? []
      : [{ name: "PagerDuty", url: parsed.data.WATCH_PAGERDUTY_URL, body: pagerDutyEvent(key) }]),
  ];
}

/** @see https://docs.slack.dev/messaging/formatting-message-text */
function slackMessage(message: Message): object {
  const text = [message.event === "begin" ? ":red_circle:" : ":large_green_circle:", summaryOf(message)].join(" ");
  const lines = [text, ...(message.remedy === undefined ? [] : [message.remedy])];
  return { text: lines.join("\n").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;") };
}

/** @see https://developer.pagerduty.com/docs/events-api-v2-overview */
function pagerDutyEvent(routingKey: string): (message: Message) => object {
  return (message) => ({
    routing_key: routingKey,
    event_action: message.event === "begin" ? "trigger" : "resolve",
    // The same for both, and after a restart of the watch: PagerDuty then knows them for one.
    dedup_key: ["render-redis", message.environment, message.instance.name, message.check].join(":").slice(0, 255),
    client: "render-redis watch",
    payload: {
      summary: summaryOf(message).slice(0, LONGEST_SUMMARY),
      source: message.instance.id || message.instance.name,
      severity: "critical",
      timestamp: message.at,
      component: message.instance.name,
      group: message.environment,
      class: message.check,
      custom_details: message,
    },
  });
}

/** Sends messages, each receiver's in order, and again until they arrive. One receiver that is away delays no other. */
export class Messenger {
  readonly #receivers: readonly Receiver[];
  readonly #signal: AbortSignal;
  readonly #onTrouble: (text: string) => void;
  readonly #queues = new Map<string, Promise<boolean>>();
  #waiting = 0;

  constructor(receivers: readonly Receiver[], signal: AbortSignal, onTrouble: (text: string) => void) {
    this.#receivers = receivers;
    this.#signal = signal;
    this.#onTrouble = onTrouble;
  }

  /** @returns Whether all receivers have it. */
  async send(message: Message): Promise<boolean> {
    if (this.#waiting >= MOST_WAITING) {
      this.#onTrouble(`not sent, ${this.#waiting} messages are waiting: ${summaryOf(message)}`);
      return false;
    }
    this.#waiting += 1;
    const sent = await Promise.all(this.#receivers.map((receiver) => this.#enqueue(receiver, message)));
    this.#waiting -= 1;
    return sent.every((arrived) => arrived);
  }

  #enqueue(receiver: Receiver, message: Message): Promise<boolean> {
    const before = this.#queues.get(receiver.name) ?? Promise.resolve(true);
    const sending = before.then(() => this.#deliver(receiver, message));
    this.#queues.set(receiver.name, sending);
    return sending;
  }

  async #deliver({ name, url, body }: Receiver, message: Message): Promise<boolean> {
    let pauseMs = 0;
    let last = "";
    const text = JSON.stringify(body(message));
    const trouble = (what: string) => this.#onTrouble(`${name}: ${what}`);
    const look = async () => {
      pauseMs = 0;
      let answer: HttpAnswer;
      try {
        const headers = { "content-type": "application/json" };
        const attempt = (signal: AbortSignal) =>
          sendHttp(url, { method: "POST", headers, body: text, signal, reuse: false });
        answer = await within(ATTEMPT_MS, attempt, this.#signal);
      } catch (error) {
        if (error instanceof Stop) throw error;
        last = `${networkCause(error)}.`;
        return undefined;
      }
      if (answer.status >= 200 && answer.status < 300) return "arrived";
      last = `it answered ${answer.status}.`;
      if (!AGAIN.includes(answer.status)) return "refused";
      pauseMs = Math.min(retryAfterMs(answer.headers["retry-after"]), GIVE_UP_MS);
      return undefined;
    };
    const options = { signal: this.#signal, withinMs: GIVE_UP_MS, atLeast: () => pauseMs, ...RETRIES_MS };
    const ended = await until(look, options);
    if (ended !== "arrived") trouble(`a message did not arrive: ${last}`);
    return ended === "arrived";
  }
}
