import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Stop } from "../../runtime/errors.ts";
import { nullProvider } from "./null-provider.ts";
import { type ProviderServer, serveProvider } from "./protocol/server.ts";
import { type RenderProviderOptions, renderProvider } from "./render/provider.ts";

/** Where the providers listen, and what they use where the provider block says nothing. */
export interface ProviderOptions extends RenderProviderOptions {
  /** For the sockets. Short: a socket's path may have about 100 bytes. */
  readonly socketDirectory: string;
}

/** Providers that wait for Terraform. */
export interface RunningProvider {
  /** The value for `TF_REATTACH_PROVIDERS`. Terraform then starts no provider and asks no registry. */
  readonly reattach: string;
  stop(): Promise<void>;
}

/** The hosts under which Terraform and OpenTofu look for a provider named without one. */
const REGISTRIES = ["registry.terraform.io", "registry.opentofu.org"];
/** The shortest limit of the systems this runs on: macOS allows 104 bytes, the closing zero included. */
const MAX_SOCKET_PATH = 103;

/** Starts stand-ins for `render-oss/render` and `hashicorp/null`, for machines that reach no registry. */
export async function startProvider(options: ProviderOptions): Promise<RunningProvider> {
  const directory = resolve(options.socketDirectory);
  await mkdir(directory, { recursive: true });
  const sockets = {
    "render-oss/render": join(directory, "render.sock"),
    "hashicorp/null": join(directory, "null.sock"),
  };
  for (const socket of Object.values(sockets)) await freeSocket(socket);

  const servers: ProviderServer[] = [];
  const stop = async () => {
    for (const server of servers) server.stop();
    for (const socket of Object.values(sockets)) await rm(socket, { force: true });
  };
  try {
    servers.push(await serveProvider(renderProvider(options), sockets["render-oss/render"]));
    servers.push(await serveProvider(nullProvider, sockets["hashicorp/null"]));
  } catch (error) {
    await stop();
    throw error;
  }
  return { reattach: JSON.stringify(reattachConfig(sockets)), stop };
}

/** Removes the socket that a killed predecessor left behind; with it in place nothing could listen there. */
async function freeSocket(socket: string): Promise<void> {
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) {
    throw new Stop(
      "failed",
      `\`socketDirectory\` must leave sockets a path of at most ${MAX_SOCKET_PATH} bytes, got: "${socket}". ` +
        "Choose a directory with a shorter path.",
    );
  }
  await rm(socket, { force: true });
}

/** `Test` tells Terraform that the process is not its own to end. */
function reattachConfig(sockets: Readonly<Record<string, string>>): object {
  const entries = Object.entries(sockets).flatMap(([name, socket]) => {
    const attachment = {
      Protocol: "grpc",
      ProtocolVersion: 6,
      Pid: process.pid,
      Test: true,
      Addr: { Network: "unix", String: socket },
    };
    return REGISTRIES.map((registry) => [`${registry}/${name}`, attachment] as const);
  });
  return Object.fromEntries(entries);
}
