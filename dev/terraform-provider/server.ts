import { chmodSync, copyFileSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { generate } from "selfsigned";
import { z } from "zod";
import { Stop } from "../../runtime/errors.ts";
import { makePrivateDirectory } from "../../runtime/private-file.ts";
import type { Provider } from "./framework/schema.ts";
import { nullProvider } from "./null-provider.ts";
import { type ProviderAddress, serveProvider } from "./protocol/server.ts";
import { type RenderVariables, renderProvider } from "./render/provider.ts";

export interface ProviderOptions {
  /** For the sockets and the plugins. Short: a socket's path may have about 100 bytes. */
  readonly socketDirectory: string;
  /** Whether Render's provider sends no more than six requests a second, as the real one does. Default `true`. */
  readonly limited?: boolean;
}

/** Providers that Terraform can start. */
export interface RunningProvider {
  /** A directory for `provider_installation`: Terraform installs the providers from it, and asks no registry. */
  readonly plugins: string;
  stop(): Promise<void>;
}

/** The hosts under which Terraform and OpenTofu look for a provider named without one. */
const REGISTRIES = ["registry.terraform.io", "registry.opentofu.org"];
const RENDER = "terraform-provider-render_v1.9.1";
const NULL = "terraform-provider-null_v3.2.4";
const PLUGINS = { [RENDER]: "render-oss/render/1.9.1", [NULL]: "hashicorp/null/3.2.4" };
/** Terraform's words for what it runs on. */
const PLATFORM = `${process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;
/** The shortest limit of the systems this runs on: macOS allows 104 bytes, the closing zero included. */
const MAX_SOCKET_PATH = 103;
/** Of the handshake of Terraform's plugins: the version of the handshake, and of the protocol. */
const VERSIONS = "1|6";

const begin = z.object({
  file: z.enum([RENDER, NULL]),
  variables: z.object({
    RENDER_API_KEY: z.string().optional(),
    RENDER_OWNER_ID: z.string().optional(),
    RENDER_HOST: z.string().optional(),
  }),
});

/**
 * Stand-ins for `render-oss/render` and `hashicorp/null`, for machines that reach no registry. Terraform starts them as it
 * does all providers, each time with the variables of its own shell; they run in this process.
 */
export async function startProvider({ socketDirectory, limited = true }: ProviderOptions): Promise<RunningProvider> {
  const directory = resolve(socketDirectory);
  const plugins = join(directory, "plugins");
  const start = join(directory, "start");
  if (Buffer.byteLength(join(directory, "99999.sock")) > MAX_SOCKET_PATH) {
    throw new Stop(
      "failed",
      `\`socketDirectory\` must leave sockets a path of at most ${MAX_SOCKET_PATH} bytes, got: "${directory}". ` +
        "Choose a directory with a shorter path.",
    );
  }
  // What a killed predecessor left behind: with its sockets in place nothing could listen there.
  rmSync(directory, { recursive: true, force: true });
  makePrivateDirectory(directory);
  install(plugins);
  const identity = await newIdentity();
  let count = 0;
  const open = new Set<Socket>();
  const server = createServer((launcher) => {
    const ended = new AbortController();
    open.add(launcher);
    launcher.on("error", () => {});
    launcher.once("close", () => {
      open.delete(launcher);
      ended.abort();
    });
    createInterface({ input: launcher }).once("line", (line) => {
      count += 1;
      const socket = join(directory, `${count}.sock`);
      serve(line, { socket, ...identity, onShutdown: () => launcher.destroy() }, ended.signal).then(
        () => launcher.write(`${VERSIONS}|unix|${socket}|grpc|${identity.handshake}\n`),
        () => launcher.destroy(),
      );
    });
  });

  async function serve(line: string, address: ProviderAddress, ended: AbortSignal): Promise<void> {
    const { file, variables } = begin.parse(JSON.parse(line));
    const { stop } = await serveProvider(providerOf(file, variables, ended), address);
    const end = () => {
      stop();
      rmSync(address.socket, { force: true });
    };
    if (ended.aborted) end();
    ended.addEventListener("abort", end);
  }

  function providerOf(file: string, variables: RenderVariables, ended: AbortSignal): Provider<unknown> {
    return file === RENDER ? renderProvider({ variables, limited, ended }) : nullProvider;
  }

  await new Promise<void>((done, reject) => server.once("error", reject).listen(start, done));
  return {
    plugins,
    async stop() {
      server.close();
      for (const launcher of open) launcher.destroy();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function install(plugins: string): void {
  for (const [file, path] of Object.entries(PLUGINS)) {
    for (const registry of REGISTRIES) {
      const directory = join(plugins, registry, path, PLATFORM);
      mkdirSync(directory, { recursive: true });
      copyFileSync(join(import.meta.dirname, "launch.cjs"), join(directory, file));
      chmodSync(join(directory, file), 0o700);
    }
  }
}

/** A key and its certificate, which the handshake tells Terraform: it talks to no other. */
async function newIdentity() {
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  const handshake = cert.replaceAll(/-----[^-]+-----|\s|=/g, "");
  return { key, cert, handshake };
}
