import { timingSafeEqual } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import ipaddr from "ipaddr.js";
import type { KeyValueState } from "../state/schema.ts";
import { listen } from "./listen.ts";
import { ProtocolError, readCommand } from "./resp.ts";

/** Milliseconds that a client has for telling who it is. */
const AUTHENTICATION_TIMEOUT_MS = 30_000;

const NOAUTH = "-NOAUTH Authentication required.\r\n";
const WRONGPASS = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
const NOT_ALLOWED = "-AUTH failed: Client IP address is not in the allowlist.\r\n";

/** What the gateway asks about the user name that a client gives. */
export interface GatewayTarget {
  readonly state: KeyValueState;
  readonly socket: string;
}

export interface GatewayOptions {
  readonly key: string;
  readonly cert: string;
  readonly find: (instanceId: string) => GatewayTarget | undefined;
}

/**
 * The external endpoint: one address for all instances, always with TLS and a password.
 *
 * The user name says which instance is meant. Until a client has given it with the right password it talks to the gateway; from
 * then on to its instance, byte by byte.
 */
export class Gateway {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly #find: GatewayOptions["find"];

  constructor({ key, cert, find }: GatewayOptions) {
    this.#find = find;
    this.#server = createServer({ key, cert, allowHalfOpen: true }, (client) => this.#greet(client));
    // A client that speaks no TLS, or trusts another authority, is no fault of ours.
    this.#server.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#server.on("connection", (socket: Socket) => {
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
    });
  }

  /** Listens on a port, or on any for 0. @throws Error (`EADDRINUSE`) when it is taken. */
  listen(port: number): Promise<number> {
    return listen(this.#server, port);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  /** Talks to a client until it is known. */
  #greet(client: TLSSocket): void {
    let input: Buffer = Buffer.alloc(0);
    client.on("error", () => client.destroy());
    // A client may close its side early and still wait for answers; one that is not yet known waits for none.
    const onEnd = () => client.end();
    client.on("end", onEnd);
    client.setTimeout(AUTHENTICATION_TIMEOUT_MS, () => client.destroy());

    const onData = (chunk: Buffer) => {
      input = Buffer.concat([input, chunk]);
      try {
        for (;;) {
          const command = readCommand(input);
          if (command === undefined) return;
          const credentials = credentialsOf(command.words);
          if (credentials !== undefined) {
            const target = this.#admit(client, credentials);
            if (target === "refused") return;
            if (target !== undefined) {
              client.removeListener("data", onData).removeListener("end", onEnd);
              // The server gets the command, too: it then knows the user, and gives the answer in its own words.
              passOn(client, target, input);
              return;
            }
          } else if (command.words.length > 0) {
            client.write(NOAUTH);
            if (command.words[0]?.toUpperCase() === "QUIT") client.end();
          }
          input = input.subarray(command.length);
        }
      } catch (error) {
        client.end(error instanceof ProtocolError ? `-ERR ${error.message}\r\n` : "");
      }
    };
    client.on("data", onData);
  }

  /** The instance that a client may use; `undefined` when it may try again, `refused` when it may not. */
  #admit(client: TLSSocket, { user, password }: Credentials): GatewayTarget | "refused" | undefined {
    const target = this.#find(user);
    if (target === undefined) {
      client.write(WRONGPASS);
      return undefined;
    }
    if (!isAllowed(client.remoteAddress, target.state.ipAllowList)) {
      client.end(NOT_ALLOWED);
      return "refused";
    }
    if (!isEqual(password, target.state.password)) {
      client.write(WRONGPASS);
      return undefined;
    }
    return target;
  }
}

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Who a command says the client is: `AUTH user password`, or `HELLO 3 AUTH user password`. */
function credentialsOf(words: readonly string[]): Credentials | undefined {
  const [name, ...rest] = words;
  const command = name?.toUpperCase();
  if (command === "AUTH" && rest.length === 2) return { user: rest[0] ?? "", password: rest[1] ?? "" };
  // Without a user name there is no telling which instance is meant, so no password can be right.
  if (command === "AUTH" && rest.length === 1) return { user: "", password: rest[0] ?? "" };
  if (command !== "HELLO") return undefined;
  const at = rest.findIndex((word) => word.toUpperCase() === "AUTH");
  return at < 0 ? undefined : { user: rest[at + 1] ?? "", password: rest[at + 2] ?? "" };
}

function passOn(client: TLSSocket, { socket }: GatewayTarget, first: Buffer): void {
  client.setTimeout(0);
  client.pause();
  const server = connect({ path: socket, allowHalfOpen: true });
  server.on("error", () => client.destroy());
  client.once("close", () => server.destroy());
  server.once("connect", () => {
    server.write(first);
    client.pipe(server);
    server.pipe(client);
  });
}

/** Whether an address is on a list. An empty list lets nobody in. */
export function isAllowed(address: string | undefined, list: KeyValueState["ipAllowList"]): boolean {
  if (address === undefined) return false;
  const client = ipaddr.process(address);
  return list.some(({ cidrBlock }) => {
    const [network, bits] = ipaddr.parseCIDR(cidrBlock);
    return network.kind() === client.kind() && client.match(network, bits);
  });
}

function isEqual(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
