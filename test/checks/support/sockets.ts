import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Something that listens on loopback. */
export interface Listener {
  readonly port: number;
  stop(): Promise<void>;
}

/** Listens, and does this with every connection. */
export async function listen(serve: (socket: Socket) => void): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Accepts and never answers. */
export const blackHole = () => listen(() => {});

/** Accepts and closes at once. */
export const closing = () => listen((socket) => socket.destroy());

/** Answers whatever comes with this. */
export const answering = (text: string) => listen((socket) => socket.once("data", () => socket.write(text)));

/** Hands everything on to a port; the answers pass through the filter. */
export function proxy(
  port: number,
  onAnswer: (chunk: Buffer, client: Socket) => void,
  onRequest: (chunk: Buffer, server: Socket) => void = (chunk, server) => server.write(chunk),
): Promise<Listener> {
  return listen((client) => {
    const server = connect(port, "127.0.0.1");
    server.on("error", () => client.destroy());
    server.on("close", () => client.destroy());
    client.on("close", () => server.destroy());
    client.on("data", (chunk) => onRequest(chunk, server));
    server.on("data", (chunk) => onAnswer(chunk, client));
  });
}

/** A network with this many milliseconds each way. */
export function slow(port: number, milliseconds: number): Promise<Listener> {
  const late = (chunk: Buffer, to: Socket) => {
    setTimeout(() => to.writable && to.write(chunk), milliseconds);
  };
  return proxy(port, late, late);
}

/** Lets so many bytes of the first answers through, then cuts the connection, or lets it hang. */
export function breaking(port: number, bytes: number, how: "cut" | "hang"): Promise<Listener> {
  return proxy(port, (chunk, client) => {
    if (how === "cut") client.end(chunk.subarray(0, bytes));
    else if (client.bytesWritten < bytes) client.write(chunk.subarray(0, bytes));
  });
}

/** A client that is connected and does nothing. */
export async function holding(port: number): Promise<Listener> {
  const client = connect(port, "127.0.0.1");
  await once(client, "connect");
  return {
    port,
    async stop() {
      client.destroy();
    },
  };
}
