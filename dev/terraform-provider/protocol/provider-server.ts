import { fileURLToPath } from "node:url";
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { z } from "zod";
import type { Provider } from "../framework/provider.ts";
import { requests } from "./messages.ts";
import { ProviderOperations } from "./provider-operations.ts";

const PROTO_FILE = fileURLToPath(new URL("tfplugin6.proto", import.meta.url));
/** Terraform's own limit for a message; a state with many resources in it travels one resource at a time. */
const MAX_MESSAGE_BYTES = 256 * 1024 ** 2;

/** A provider that listens. */
export interface ProviderServer {
  /** Ends calls in flight and closes the socket. */
  stop(): void;
}

/** Serves a provider to Terraform over gRPC on a unix socket. */
export async function serveProvider<C>(provider: Provider<C>, socket: string): Promise<ProviderServer> {
  const operations = new ProviderOperations(provider);
  const server = new Server({ "grpc.max_receive_message_length": MAX_MESSAGE_BYTES });
  server.addService(providerService(), handlers(operations));
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return {
    stop() {
      operations.stop();
      server.forceShutdown();
    },
  };
}

/** Calls that are not here are answered with gRPC's "unimplemented", which Terraform reports by the call's name. */
function handlers<C>(operations: ProviderOperations<C>): UntypedServiceImplementation {
  return {
    GetMetadata: unary(requests.nothing, () => operations.metadata()),
    GetProviderSchema: unary(requests.nothing, () => operations.schemas()),
    ValidateProviderConfig: unary(requests.validateProviderConfig, (request) => operations.validateProvider(request)),
    ValidateResourceConfig: unary(requests.validateResourceConfig, (request) => operations.validateResource(request)),
    UpgradeResourceState: unary(requests.upgradeResourceState, (request) => operations.upgradeState(request)),
    ConfigureProvider: unary(requests.configureProvider, (request) => operations.configure(request)),
    ReadResource: unary(requests.readResource, (request) => operations.read(request)),
    PlanResourceChange: unary(requests.planResourceChange, (request) => operations.plan(request)),
    ApplyResourceChange: unary(requests.applyResourceChange, (request) => operations.apply(request)),
    ImportResourceState: unary(requests.importResourceState, (request) => operations.importState(request)),
    StopProvider: unary(requests.nothing, () => operations.stop()),
  };
}

function unary<T>(
  request: z.ZodType<T>,
  answer: (request: T) => object | Promise<object>,
): handleUnaryCall<unknown, object> {
  return async (call, callback) => {
    try {
      callback(null, await answer(request.parse(call.request)));
    } catch (error) {
      callback({ code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) });
    }
  };
}

function providerService(): ServiceDefinition {
  const service = loadSync(PROTO_FILE, { enums: String, defaults: true })["tfplugin6.Provider"];
  // A definition with a format is a message's or an enum's, not a service's.
  if (service === undefined || "format" in service) throw new Error("tfplugin6.proto has no service Provider.");
  return service;
}
