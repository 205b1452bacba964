import { createServer } from "node:http";
import { resolve } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { z } from "zod";
import { Stop } from "../../runtime/errors.ts";
import { lockDirectory } from "./directory-lock.ts";
import { createApp } from "./http/app.ts";
import { RateLimits } from "./http/rate-limits.ts";
import { openCertificates } from "./machine/certificates.ts";
import { Gateway } from "./machine/gateway.ts";
import { listen } from "./machine/listen.ts";
import { LocalMachine } from "./machine/machine.ts";
import { PrivateNetwork } from "./machine/private-network.ts";
import { findRedisBinary } from "./machine/redis-binary.ts";
import { Supervisor } from "./machine/supervisor.ts";
import { BACKEND_SERVICE_ID } from "./state/seed.ts";
import { Store } from "./state/store.ts";
import { Workspace } from "./workspace/workspace.ts";

const API_HOST = "127.0.0.1";
/** A name, because certificates are for names, and one that every machine resolves. */
const GATEWAY_HOST = "localhost";
const DEFAULT_DELAY_MS = 1_000;

export interface EmulatorOptions {
  /** Where everything is kept that must survive a restart. It holds secrets. */
  readonly directory: string;
  /** The API's port. Default: that of the last run, or any free one. */
  readonly port?: number;
  /** Milliseconds that creating and restarting an instance takes, and each phase of a deploy. Default 1000. */
  readonly creationDelayMs?: number;
  /** Whether calls beyond Render's limits are refused. The headers come in either case. Default `render`. */
  readonly rateLimits?: "render" | "off";
  /** Default: that of the last run, or a new one. */
  readonly apiKey?: string;
  readonly log?: (line: string) => void;
}

/** A running emulator. */
export interface Emulator {
  /** For `RENDER_HOST`: `http://127.0.0.1:<port>/v1`. */
  readonly host: string;
  readonly apiKey: string;
  readonly ownerId: string;
  readonly backendServiceId: string;
  /** For `NODE_EXTRA_CA_CERTS`: the authority of the certificate at external addresses. */
  readonly caFile: string;
  readonly directory: string;
  /** A short-named directory for sockets; it has the same name after a restart, and is deleted when this stops. */
  readonly socketDirectory: string;
  /** Ends every process behind it. The state stays for the next start. */
  stop(): Promise<void>;
}

/**
 * Starts Render on this machine: its API on a loopback port, and a real server process behind every instance.
 *
 * @throws Stop saying what to do when an emulator already runs on the directory, a port of the last run is in use, or no
 *   Valkey or Redis is installed.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const directory = resolve(options.directory);
  const delayMs = options.creationDelayMs ?? DEFAULT_DELAY_MS;
  const log = options.log ?? (() => {});
  const cleanups: (() => void | Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      for (const cleanup of cleanups.reverse()) await cleanup();
    })();
    return stopping;
  };

  try {
    const binary = findRedisBinary();
    cleanups.push(lockDirectory(directory));
    const store = Store.open(directory, options.apiKey);
    const network = new PrivateNetwork(store.settings.network);
    cleanups.push(() => network.close());
    const supervisor = new Supervisor(directory);
    cleanups.push(() => supervisor.stop());

    const { caFile, key, cert } = await openCertificates(directory, GATEWAY_HOST);
    const find = (id: string) => {
      if (!store.keyValues.has(id)) return undefined;
      const state = store.keyValues.get(id);
      return { state, socket: network.join(state.region, id) };
    };
    const gateway = new Gateway({ key, cert, find });
    cleanups.push(() => gateway.close());
    const gatewayPort = await onPort(store.settings.gatewayPort, "external addresses", (port) => gateway.listen(port));

    const machine = new LocalMachine({ supervisor, network, binary, directory, delayMs });
    const workspace = new Workspace({ store, machine, gateway: { host: GATEWAY_HOST, port: gatewayPort }, delayMs });
    const app = createApp(workspace, new RateLimits(options.rateLimits !== "off"), log);

    log(startingText(store));
    cleanups.push(() => workspace.close());
    await workspace.open();

    const api = createServer(getRequestListener(app.fetch));
    cleanups.push(() => {
      api.close();
      api.closeAllConnections();
    });
    const apiPort = await onPort(options.port ?? store.settings.apiPort, "the API", (port) => listen(api, port));
    store.change({ apiPort, gatewayPort });
    return {
      host: `http://${API_HOST}:${apiPort}/v1`,
      apiKey: store.settings.apiKey,
      ownerId: store.settings.ownerId,
      backendServiceId: BACKEND_SERVICE_ID,
      caFile,
      directory,
      socketDirectory: network.directory,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startingText({ keyValues, services }: Store): string {
  const counts = [count(keyValues.all.length, "instance"), count(services.all.length, "service")];
  return `starting ${counts.filter((text) => text !== "").join(" and ")}`;
}

function count(number: number, what: string): string {
  if (number === 0) return "";
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** @throws Stop naming the port and what to do, when it is taken or not to be had. */
async function onPort(port: number, purpose: string, open: (port: number) => Promise<number>): Promise<number> {
  try {
    return await open(port);
  } catch (error) {
    const { code } = z.object({ code: z.string() }).catch({ code: "" }).parse(error);
    const why = PORT_PROBLEMS[code];
    if (why === undefined) throw error;
    throw new Stop("failed", `Port ${port} for ${purpose} ${why}`);
  }
}

const PORT_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "is in use, and what was exported names it. Stop the other program, or delete the state directory to start fresh.",
  EACCES: "is one that only the system's administrator may use. Choose one from 1024 to 65535.",
  ERR_SOCKET_BAD_PORT: "is no port: a number from 0 to 65535.",
};
