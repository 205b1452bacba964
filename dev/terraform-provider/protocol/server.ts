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
import { conform } from "../framework/conform.ts";
import { DiagnosticError, diagnosticsOf } from "../framework/diagnostic.ts";
import { planChange } from "../framework/plan.ts";
import type { Provider, Resource } from "../framework/schema.ts";
import { validate } from "../framework/validation.ts";
import type { ObjectValue } from "../framework/value.ts";
import { decodeDynamicValue, diagnosticMessage, encodeDynamicValue, requests, schemaMessage } from "./messages.ts";

const PROTO_FILE = fileURLToPath(new URL("tfplugin6.proto", import.meta.url));
/** Terraform's own limit for a message; a state with many resources in it travels one resource at a time. */
const MAX_MESSAGE_BYTES = 256 * 1024 ** 2;

/** As of the framework: a plan also for a destruction, and each resource's schema only when it is asked for. */
const SERVER_CAPABILITIES = { planDestroy: true, getProviderSchemaOptional: true };

const empty = { serialize: () => Buffer.alloc(0), deserialize: () => ({}) };

/** How Terraform's plugins are asked to end. */
const CONTROLLER: ServiceDefinition = {
  Shutdown: {
    path: "/plugin.GRPCController/Shutdown",
    requestStream: false,
    responseStream: false,
    requestSerialize: empty.serialize,
    requestDeserialize: empty.deserialize,
    responseSerialize: empty.serialize,
    responseDeserialize: empty.deserialize,
  },
};

type Request<Name extends keyof typeof requests> = z.infer<(typeof requests)[Name]>;

/** A provider that listens. */
export interface ProviderServer {
  /** Ends calls in flight and closes the socket. */
  stop(): void;
}

export interface ProviderAddress {
  readonly socket: string;
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** Is called when Terraform has no more calls. It kills a plugin only two seconds later. */
  readonly onShutdown: () => void;
}

/** Serves a provider to Terraform over gRPC on a unix socket, with TLS, which Terraform insists on. */
export async function serveProvider<C>(
  provider: Provider<C>,
  { socket, key, cert, onShutdown }: ProviderAddress,
): Promise<ProviderServer> {
  const operations = new ProviderOperations(provider);
  const server = new Server({ "grpc.max_receive_message_length": MAX_MESSAGE_BYTES });
  server.addService(providerService(), handlers(operations));
  server.addService(CONTROLLER, {
    Shutdown: unary(requests.nothing, () => {
      setImmediate(onShutdown);
      return {};
    }),
  });
  await new Promise<void>((resolve, reject) => {
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
    server.bindAsync(`unix:${socket}`, ServerCredentials.createSsl(null, [pair]), (error) =>
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

/**
 * What each call of the protocol does, from decoded request to response message. Each process that Terraform starts has its
 * own.
 */
export class ProviderOperations<C> {
  readonly #provider: Provider<C>;
  #interruption = new AbortController();
  #config: ObjectValue | undefined;

  constructor(provider: Provider<C>) {
    this.#provider = provider;
  }

  metadata(): object {
    const resources = Object.keys(this.#provider.resources).map((typeName) => ({ typeName }));
    return { serverCapabilities: SERVER_CAPABILITIES, resources };
  }

  schemas(): object {
    const resourceSchemas = Object.entries(this.#provider.resources).map(([name, { schema }]) => [
      name,
      schemaMessage(schema),
    ]);
    return {
      serverCapabilities: SERVER_CAPABILITIES,
      provider: schemaMessage(this.#provider.schema),
      resourceSchemas: Object.fromEntries(resourceSchemas),
    };
  }

  async validateProvider({ config }: Request<"validateProviderConfig">): Promise<object> {
    const { schema } = this.#provider;
    return withDiagnostics(() => validated(validate(schema, decodeDynamicValue(schema, config) ?? {})));
  }

  async validateResource({ typeName, config }: Request<"validateResourceConfig">): Promise<object> {
    return withDiagnostics(() => {
      const { schema } = this.#resource(typeName);
      return validated(validate(schema, decodeDynamicValue(schema, config) ?? {}));
    });
  }

  /** All schemas are at version 0, so there is nothing to upgrade but attributes that came or went. */
  async upgradeState({ typeName, rawState }: Request<"upgradeResourceState">): Promise<object> {
    return withDiagnostics(() => {
      const stored: unknown = JSON.parse(Buffer.from(rawState.json).toString("utf8"));
      return { upgradedState: encodeDynamicValue(conform(this.#resource(typeName).schema, stored)) };
    });
  }

  async configure({ config }: Request<"configureProvider">): Promise<object> {
    return withDiagnostics(() => {
      const decoded = decodeDynamicValue(this.#provider.schema, config) ?? {};
      this.#provider.configure(decoded, this.#interruption.signal);
      this.#config = decoded;
      return {};
    });
  }

  async read({ typeName, currentState }: Request<"readResource">): Promise<object> {
    return withDiagnostics(async () => {
      const resource = this.#resource(typeName);
      const prior = decodeDynamicValue(resource.schema, currentState);
      const state = prior === null ? null : await resource.read(this.#connection(), prior);
      return { newState: encodeDynamicValue(state) };
    });
  }

  async plan(request: Request<"planResourceChange">): Promise<object> {
    return withDiagnostics(() => {
      const { schema } = this.#resource(request.typeName);
      const { plannedState, requiresReplace } = planChange(schema, {
        config: decodeDynamicValue(schema, request.config),
        priorState: decodeDynamicValue(schema, request.priorState),
        proposedNewState: decodeDynamicValue(schema, request.proposedNewState),
      });
      return {
        plannedState: encodeDynamicValue(plannedState),
        requiresReplace: requiresReplace.map((steps) => ({ steps })),
      };
    });
  }

  /** After a failure the state stays as it was before: nothing after a failed creation. */
  async apply({ typeName, priorState, plannedState }: Request<"applyResourceChange">): Promise<object> {
    const unchanged = { newState: priorState };
    return withDiagnostics(async () => {
      const resource = this.#resource(typeName);
      const prior = decodeDynamicValue(resource.schema, priorState);
      const planned = decodeDynamicValue(resource.schema, plannedState);
      return { newState: encodeDynamicValue(await applyChange(resource, this.#connection(), prior, planned)) };
    }, unchanged);
  }

  async importState({ typeName, id }: Request<"importResourceState">): Promise<object> {
    return withDiagnostics(() => {
      const { schema, importId } = this.#resource(typeName);
      if (importId === undefined) {
        const detail =
          "This resource does not support import. Please contact the provider developer for additional information.";
        throw failure("Resource Import Not Implemented", detail);
      }
      return { importedResources: [{ typeName, state: encodeDynamicValue(conform(schema, { [importId]: id })) }] };
    });
  }

  /** Cancels what is in flight. */
  stop(): object {
    this.#interruption.abort();
    this.#interruption = new AbortController();
    return {};
  }

  #resource(typeName: string): Resource<C> {
    const resource = this.#provider.resources[typeName];
    if (resource !== undefined) return resource;
    const known = Object.keys(this.#provider.resources).join(", ");
    throw failure("Unknown resource type", `resource type must be one of ${known}, got: "${typeName}".`);
  }

  #connection(): C {
    if (this.#config === undefined) {
      throw failure("Provider not configured", "Terraform must configure the provider before it manages resources.");
    }
    return this.#provider.configure(this.#config, this.#interruption.signal);
  }
}

async function applyChange<C>(
  resource: Resource<C>,
  connection: C,
  prior: ObjectValue | null,
  planned: ObjectValue | null,
): Promise<ObjectValue | null> {
  if (planned !== null) {
    return prior === null ? resource.create(connection, planned) : resource.update(connection, planned, prior);
  }
  if (prior !== null) await resource.delete(connection, prior);
  return null;
}

/** Turns an error into diagnostics beside what the response has in that case. */
async function withDiagnostics(work: () => object | Promise<object>, otherwise: object = {}): Promise<object> {
  try {
    return await work();
  } catch (error) {
    return { ...otherwise, diagnostics: diagnosticsOf(error).map(diagnosticMessage) };
  }
}

function validated(diagnostics: ReturnType<typeof validate>): object {
  return { diagnostics: diagnostics.map(diagnosticMessage) };
}

function failure(summary: string, detail: string): DiagnosticError {
  return new DiagnosticError([{ summary, detail }]);
}
