/** One command of the Redis protocol, and how many bytes of the input it took. */
export interface Command {
  readonly words: readonly string[];
  readonly length: number;
}

/** Before a client is known it has nothing to send that is longer. */
const LONGEST = 16 * 1024;
const MOST_WORDS = 64;

/** Input that no Redis client would send. The message is what Redis would answer. */
export class ProtocolError extends Error {}

/**
 * The first command in a buffer, in the protocol's array form or as a plain line.
 *
 * @returns `undefined` while the command is not complete.
 * @throws ProtocolError when it never will be a command.
 */
export function readCommand(input: Buffer): Command | undefined {
  if (input.length === 0) return undefined;
  const command = input[0] === "*".charCodeAt(0) ? readArray(input) : readInline(input);
  if (command === undefined && input.length > LONGEST) throw new ProtocolError("Protocol error: too big request");
  return command;
}

function readInline(input: Buffer): Command | undefined {
  const end = input.indexOf("\n");
  if (end < 0) return undefined;
  const words = input.toString("utf8", 0, end).trim().split(/\s+/);
  return { words: words[0] === "" ? [] : words, length: end + 1 };
}

function readArray(input: Buffer): Command | undefined {
  const head = readNumber(input, 0, "*");
  if (head === undefined) return undefined;
  if (head.value > MOST_WORDS) throw new ProtocolError("Protocol error: unauthenticated multibulk length");
  const words: string[] = [];
  let position = head.next;
  for (let index = 0; index < head.value; index += 1) {
    if (position >= input.length) return undefined;
    const size = readNumber(input, position, "$");
    if (size === undefined) return undefined;
    if (size.value < 0 || size.value > LONGEST) throw new ProtocolError("Protocol error: unauthenticated bulk length");
    const end = size.next + size.value;
    if (input.length < end + 2) return undefined;
    words.push(input.toString("utf8", size.next, end));
    position = end + 2;
  }
  return { words, length: position };
}

function readNumber(input: Buffer, start: number, mark: string): { value: number; next: number } | undefined {
  const end = input.indexOf("\r\n", start);
  if (end < 0) return undefined;
  const line = input.toString("latin1", start, end);
  if (!/^.-?\d{1,9}$/.test(line)) throw new ProtocolError("Protocol error: invalid length");
  if (line[0] !== mark) throw new ProtocolError(`Protocol error: expected '${mark}'`);
  return { value: Number(line.slice(1)), next: end + 2 };
}
