import type { Server } from "node:net";

const HOST = "127.0.0.1";

/** Listens on a loopback port, or on any for 0. Gives the port. @throws Error (`EADDRINUSE`) when it is taken. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, HOST, () => {
      // From now on an error is one of accepting a client, which must not end the emulator.
      server.removeListener("error", reject).on("error", () => {});
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new Error("no port to listen on"));
    });
  });
}
