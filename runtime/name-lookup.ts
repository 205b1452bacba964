import dns, { type LookupAddress, type LookupAllOptions, type LookupOptions } from "node:dns";
import { isIP } from "node:net";
import { z } from "zod";
import { runChild } from "./child-process.ts";

/** Milliseconds for which an answer is used again: commands that wait ask the same host every few seconds. */
const KEPT_MS = 30_000;

/** Asks the system for a name, and prints what it says. */
const SCRIPT = `
  const [name, options] = process.argv.slice(1);
  require("node:dns").lookup(name, JSON.parse(options), (error, found) => {
    process.stdout.write(JSON.stringify(error ? { code: error.code } : { found }));
  });`;

const answerSchema = z.union([
  z.object({ found: z.array(z.object({ address: z.string(), family: z.int() })) }),
  z.object({ code: z.string() }),
]);
/** Nothing when nobody could be asked. */
type Answer = z.output<typeof answerSchema> | undefined;
type Callback = (error: Error | null, found?: string | LookupAddress[], family?: number) => void;

const ours = dns.lookup;
const answers = new Map<string, { readonly until: number; readonly answer: Promise<Answer> }>();

/**
 * From now on names are looked up in a process of their own. Node does it in a thread, which nothing can stop: a process
 * whose resolver does not answer could not end for as long as the system goes on trying.
 */
export function lookUpNamesApart(): void {
  // What Node's own connections call, `fetch` included.
  Object.assign(dns, { lookup });
}

function lookup(name: string, given: LookupOptions | number | Callback, last?: Callback): void {
  const callback = typeof given === "function" ? given : last;
  const options = typeof given === "number" ? { family: given } : typeof given === "function" ? {} : given;
  if (callback === undefined) throw new TypeError("a name is looked up for a callback");
  if (name === "" || name === "localhost" || isIP(name) !== 0) {
    ours(name, options, callback);
    return;
  }
  void find(name, { ...options, all: true }).then((answer) => {
    if (answer === undefined) ours(name, options, callback);
    else if ("code" in answer) {
      const message = `getaddrinfo ${answer.code} ${name}`;
      callback(Object.assign(new Error(message), { code: answer.code, syscall: "getaddrinfo", hostname: name }));
    } else if (options.all) callback(null, answer.found);
    else callback(null, answer.found[0]?.address, answer.found[0]?.family);
  });
}

function find(name: string, options: LookupAllOptions): Promise<Answer> {
  const asked = JSON.stringify([name, options]);
  const known = answers.get(asked);
  if (known !== undefined && performance.now() < known.until) return known.answer;
  const answer = ask(name, options);
  answers.set(asked, { until: performance.now() + KEPT_MS, answer });
  void answer.then((given) => (given !== undefined && "found" in given) || answers.delete(asked));
  return answer;
}

async function ask(name: string, options: LookupAllOptions): Promise<Answer> {
  // It needs no key, and nothing that was set for this process.
  const env = { ...process.env, RENDER_API_KEY: undefined, NODE_OPTIONS: undefined, NODE_DEBUG: undefined };
  try {
    const { stdout } = await runChild(process.execPath, ["-e", SCRIPT, name, JSON.stringify(options)], { env });
    return answerSchema.parse(JSON.parse(stdout));
  } catch {
    return undefined;
  }
}
