import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Ending, type Host, type Program, type ProgramOptions, runProgram } from "../../cli/program.ts";
import { RenderApiError } from "../../render/api/error.ts";
import { InvalidValue, Stop } from "../../runtime/errors.ts";
import { sleep } from "../../runtime/wait.ts";

const KEY = "rnd_0123456789";
const DAY_MS = 86_400_000;

class FakeStream extends EventEmitter {
  text = "";
  /** A reader that lags behind. */
  isFull = false;
  write(text: string | Uint8Array, written?: () => void): void {
    this.text += text;
    if (!this.isFull) written?.();
  }
}

/** Keeps when and how it was ended. */
class FakeHost extends EventEmitter implements Host {
  readonly env = { RENDER_API_KEY: KEY };
  readonly stdout = new FakeStream();
  readonly stderr = new FakeStream();
  readonly exits: { code: number; at: number }[] = [];
  exit(code: number): void {
    this.exits.push({ code, at: Date.now() });
  }
}

let host: FakeHost;
let began: number;
beforeEach(() => {
  vi.useFakeTimers();
  host = new FakeHost();
  began = Date.now();
});
afterEach(() => vi.useRealTimers());

function start(command: (program: Program) => Promise<Ending | undefined>, options: Partial<ProgramOptions> = {}) {
  runProgram(command, { name: "It", ...options }, host);
}
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const end = () => {
  expect(host.exits.length).toBeGreaterThan(0);
  return { code: host.exits[0]?.code, says: host.stderr.text, afterMs: (host.exits[0]?.at ?? 0) - began };
};
const apiError = (status?: number) => {
  const reason = status === undefined ? "network" : "status";
  return new RenderApiError({
    call: "GET /x",
    reason,
    explanation: "why.",
    ...(status === undefined ? {} : { status }),
  });
};
const throwing = (error: unknown) => async () => {
  throw error;
};
const hang = () => new Promise<never>(() => {});
const untilSignal = async ({ signal }: Program) => {
  await sleep(DAY_MS, signal);
  return undefined;
};

test.each<[string, () => Promise<Ending | undefined>, number, string, Partial<ProgramOptions>?]>([
  ["nothing", async () => undefined, 0, ""],
  ["good", async () => "good", 0, ""],
  ["failed", async () => "failed", 1, ""],
  ["misused", async () => "misused", 2, ""],
  ["misused, where 2 means something else", async () => "misused", 1, "", { misused: 1 }],
  ["unknown", async () => "unknown", 3, ""],
  ["a code of its own", async () => 42, 42, ""],
  ["a stop", throwing(new Stop("unknown", "Not seen.", { remedy: "Look again." })), 3, "Not seen. Look again.\n"],
  ["a stop of which all is said", throwing(new Stop("misused", "")), 2, ""],
  ["a stop with a secret", throwing(new Stop("failed", `The key ${KEY}.`)), 1, "The key ***.\n"],
  ["an invalid value", throwing(new InvalidValue("must be one", 2)), 2, "must be one, got: 2.\n"],
  ["a refusal by Render", throwing(apiError(500)), 1, "GET /x failed: 500: why.\n"],
  ["no answer of Render", throwing(apiError()), 3, "GET /x failed: why.\n"],
  ["something else that is thrown", throwing("a text"), 1, "It crashed (string). This is a mistake in the program.\n"],
])("%s", async (_what, command, code, says, options) => {
  start(command, options);
  await pass(0);
  expect(end()).toEqual({ code, says, afterMs: 0 });
});

test("as many as there are environments may listen to its end, and Node warns of nothing", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  start(async ({ signal }) => {
    for (let environment = 0; environment < 40; environment++) signal.addEventListener("abort", () => {});
    return "good";
  });
  await pass(0);
  expect(end().code).toBe(0);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

describe("a crash", () => {
  test("is told by its kind and five places, and not by its message", async () => {
    const error = new TypeError(`a message with ${KEY}`);
    const frames = ["a", "b", "c", "d", "e", "f"].map((name) => `    at ${name} (${name}.ts:1:1)`);
    error.stack = [`TypeError: ${error.message}`, ...frames].join("\n");
    start(throwing(error));
    await pass(0);
    const says = ["It crashed (TypeError). This is a mistake in the program.", ...frames.slice(0, 5), ""].join("\n");
    expect(end()).toMatchObject({ code: 1, says });
  });

  test.each(["uncaughtException", "unhandledRejection"])("by an %s ends the command", async (event) => {
    start(hang);
    host.emit(event, new RangeError("x"));
    await pass(0);
    expect(end()).toMatchObject({ code: 1, says: expect.stringMatching(/^It crashed \(RangeError\)/) });
  });

  test("shows no line of its message, though it may look like a place", async () => {
    start(throwing(new SyntaxError('Unexpected token\n    at "password" in JSON')));
    await pass(0);
    expect(end().says).toMatch(/^It crashed \(SyntaxError\)/);
    expect(end().says).not.toContain("password");
  });

  test("is followed by no second end", async () => {
    start(throwing(new TypeError("x")));
    await pass(0);
    host.emit("uncaughtException", new TypeError("y"));
    await pass(DAY_MS);
    expect(host.exits).toHaveLength(1);
    expect(host.stderr.text.match(/crashed/g)).toHaveLength(1);
  });
});

test("a file that the system refuses is no defect", async () => {
  const error = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    syscall: "write",
  });
  start(throwing(error));
  await pass(0);
  expect(end()).toMatchObject({ code: 1, says: "ENOSPC: no space left on device, write.\n" });
});

test("whatever is printed, and by whom, is printed through the mask", async () => {
  start(async ({ secrets }) => {
    secrets.add("a-password");
    host.stdout.write(`authorization: Bearer ${KEY}\n`);
    host.stderr.write(Buffer.from("AUTH a-password\n"));
    return "good";
  });
  await pass(0);
  expect([host.stdout.text, host.stderr.text]).toEqual(["authorization: Bearer ***\n", "AUTH ***\n"]);
});

describe("what is done at the end", () => {
  const finishing = (ending: Ending, then: () => Promise<Ending | undefined>) => async (program: Program) => {
    program.atEnd(() => ending);
    return then();
  };
  test.each<[string, Ending, () => Promise<Ending | undefined>, number]>([
    ["says how it ended", "unknown", async () => undefined, 3],
    ["outweighs what the command says", "failed", async () => "unknown", 1],
    ["does not make good what the command says", "good", async () => "unknown", 3],
    ["does not make good what was thrown", "good", throwing(new Stop("failed", "x")), 1],
  ])("%s", async (_what, ending, then, code) => {
    start(finishing(ending, then));
    await pass(0);
    expect(end().code).toBe(code);
  });

  test.each<[string, () => Promise<undefined>, number]>([
    ["a crash", throwing(new TypeError("x")), 33],
    ["a stop", throwing(new Stop("failed", "x")), 22],
    ["nothing", async () => undefined, 22],
  ])("is told of %s", async (_what, then, code) => {
    start(async (program) => {
      program.atEnd((crashed) => (crashed ? 33 : 22));
      return then();
    });
    await pass(0);
    expect(end().code).toBe(code);
  });

  test("may crash itself", async () => {
    start(async (program) => {
      program.atEnd(() => {
        throw new RangeError("x");
      });
      return "good";
    });
    await pass(0);
    expect(end()).toMatchObject({ code: 1, says: expect.stringMatching(/^It crashed \(RangeError\)/) });
  });
});

describe("the deadline", () => {
  const limited = (then: (program: Program) => Promise<Ending | undefined>) => async (program: Program) => {
    program.limit(10);
    return then(program);
  };

  test("fires the signal, and leaves the command what it says then", async () => {
    start(
      limited(async ({ signal }) => {
        await sleep(DAY_MS, signal);
        throw new Stop("unknown", `Seen until ${signal.reason}.`);
      }),
    );
    await pass(10_000);
    expect(end()).toEqual({ code: 3, says: "Seen until the deadline of 10 s passed.\n", afterMs: 10_000 });
  });

  test("is the reason for what a library throws then", async () => {
    start(
      limited(async ({ signal }) => {
        await sleep(DAY_MS, signal);
        throw new DOMException("aborted", "AbortError");
      }),
    );
    await pass(10_000);
    expect(end()).toMatchObject({ code: 1, says: "Stopped: the deadline of 10 s passed.\n" });
  });

  test("ends within a second a command that does not listen, and a reader who does not read", async () => {
    host.stdout.isFull = true;
    start(limited(hang));
    await pass(20_000);
    expect(end()).toMatchObject({ code: 1, says: "Stopped: the deadline of 10 s passed.\n" });
    expect(end().afterMs).toBeGreaterThan(10_000);
    expect(end().afterMs).toBeLessThan(11_000);
  });

  test("leaves a slow reader the rest of the time", async () => {
    host.stdout.isFull = true;
    start(limited(async () => "good"));
    await pass(9_000);
    expect(host.exits).toEqual([]);
    await pass(2_000);
    expect(end().code).toBe(0);
    expect(end().afterMs).toBeGreaterThanOrEqual(10_000);
  });

  test("knows how much is left, and is over when the command is interrupted", async () => {
    let left: () => number = () => 0;
    start(async (program) => {
      const deadline = program.limit(10);
      left = () => deadline.remainingMs;
      return hang();
    });
    await pass(4_000);
    expect(left()).toBe(6_000);
    host.emit("SIGINT");
    expect(left()).toBe(0);
  });

  test("that is set after an interruption is over at once", async () => {
    start(async (program) => {
      host.emit("SIGTERM");
      expect(program.limit(10).reason).toBe("terminated");
      return "good";
    });
    await pass(0);
    expect(end().code).toBe(0);
  });
});

describe("an interruption", () => {
  test.each([
    ["SIGINT", "interrupted"],
    ["SIGTERM", "terminated"],
    ["SIGHUP", "terminated"],
  ])("%s fires the signal: %s", async (signal, reason) => {
    let seen: unknown;
    start(async (program) => {
      await untilSignal(program);
      seen = program.signal.reason;
      return "unknown";
    });
    host.emit(signal);
    await pass(0);
    expect(seen).toBe(reason);
    expect(end()).toMatchObject({ code: 3, says: "" });
  });

  test("ends within a second a command that does not listen", async () => {
    start(hang, { stopped: "Stopped. It goes on." });
    host.emit("SIGINT");
    await pass(999);
    expect(end()).toMatchObject({ code: 1, says: "Stopped. It goes on.\n" });
  });

  test("is all that is said of what it caused", async () => {
    start(async (program) => {
      await untilSignal(program);
      throw new Stop("unknown", "not said");
    });
    host.emit("SIGINT");
    await pass(0);
    expect(end()).toMatchObject({ code: 1, says: "Stopped.\n" });
  });

  const cleaning = async (program: Program): Promise<Ending> => {
    await untilSignal(program);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    return "good";
  };

  test("lets a command clean up that has to, however often it is repeated", async () => {
    let told = 0;
    start(
      (program) => {
        program.onInterruption(() => {
          told += 1;
        });
        return cleaning(program);
      },
      { ends: "when done" },
    );
    for (const signal of ["SIGINT", "SIGINT", "SIGTERM"]) host.emit(signal);
    await pass(4_000);
    expect(host.exits).toEqual([]);
    await pass(1_000);
    expect(end()).toEqual({ code: 0, says: "", afterMs: 5_000 });
    expect(told).toBe(3);
  });

  test.each([
    ["when it is interrupted", () => host.emit("SIGINT"), "Stopped.\n"],
    ["at its deadline", () => {}, "Stopped: the deadline of 1 s passed.\n"],
  ])("lets work be finished that must not be cut off, %s", async (_when, stop, says) => {
    const reasons: string[] = [];
    start(async (program) => {
      program.limit(1);
      program.onInterruption((reason) => reasons.push(reason));
      program.finish(new Promise((resolve) => setTimeout(resolve, 3_000)));
      return new Promise(() => {});
    });
    stop();
    await pass(3_500);
    expect(host.exits).toEqual([]);
    await pass(500);
    expect(end()).toMatchObject({ code: 1, says });
    expect(reasons).toHaveLength(1);
  });

  test("repeated, does not wait for such work", async () => {
    start(async (program) => {
      program.finish(new Promise(() => {}));
      return new Promise(() => {});
    });
    host.emit("SIGINT");
    await pass(60_000);
    expect(host.exits).toEqual([]);
    host.emit("SIGTERM");
    await pass(1_000);
    expect(end()).toMatchObject({ code: 1, says: "Stopped.\n" });
  });

  test("ends such a command at once when it is repeated, where that is wanted", async () => {
    start(cleaning, { ends: "when done or asked twice" });
    host.emit("SIGINT");
    await pass(1_000);
    expect(host.exits).toEqual([]);
    host.emit("SIGINT");
    await pass(0);
    expect(end()).toEqual({ code: 1, says: "", afterMs: 1_000 });
  });

  test("also comes from a reader who has gone", async () => {
    start(untilSignal);
    host.stdout.emit("error");
    host.stderr.emit("error");
    await pass(0);
    expect(end().code).toBe(0);
  });
});
