import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { Resource as NullResource } from "@cdktf/provider-null/lib/resource/index.js";
import {
  type App,
  LocalBackend,
  type LocalExecProvisioner,
  TerraformIterator,
  type TerraformMetaArguments,
  TerraformOutput,
  TerraformProvider,
  TerraformResource,
  TerraformStack,
  TerraformVariable,
} from "cdktf";
import type { Construct } from "constructs";

const PROVIDER = { providerName: "render", providerVersionConstraint: "~> 1.9" };

class Provider extends TerraformProvider {
  constructor(scope: Construct) {
    super(scope, "render", {
      terraformResourceType: "render",
      terraformGeneratorMetadata: PROVIDER,
      terraformProviderSource: "render-oss/render",
    });
  }
}

class Resource extends TerraformResource {
  readonly #attributes: Record<string, unknown>;

  constructor(
    scope: Construct,
    id: string,
    terraformResourceType: string,
    attributes: Record<string, unknown>,
    meta: TerraformMetaArguments,
  ) {
    super(scope, id, { ...meta, terraformResourceType, terraformGeneratorMetadata: PROVIDER });
    this.#attributes = attributes;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return this.#attributes;
  }
}

/**
 * The production environment as a minimal CDKTF program would write it: the same Terraform, no validation, no guard.
 * What the constructs cost is measured against this.
 */
export function byHand(app: App, name: string): TerraformStack {
  const stack = new TerraformStack(app, name);
  new LocalBackend(stack, { path: `../../../.state/${name}.tfstate` });
  new Provider(stack);
  new NullProvider(stack, "null");
  const serviceId = new TerraformVariable(stack, "backend_service_id", {
    type: "string",
    description: "The id of the existing backend service on Render (srv-…)",
    nullable: false,
    default: "",
    validation: [
      {
        condition: `\${can(regex("^srv-[a-z0-9]{20}$", var.backend_service_id))}`,
        errorMessage: `The backend's service id must be "srv-" and 20 letters or digits. Set backend.serviceId in the environment file, or TF_VAR_backend_service_id. Render's dashboard shows it in the service's address.`,
      },
    ],
  });
  const service = serviceId.stringValue;
  const run = (command: string, environment: Record<string, string>, when?: "destroy"): LocalExecProvisioner => ({
    type: "local-exec",
    command,
    workingDir: `\${path.root}/../../..`,
    environment,
    ...(when === undefined ? {} : { when }),
  });
  const parameters = JSON.stringify({ deadlineSeconds: 300, acceptUnknown: false });
  const description = {
    environment: name,
    name: "koinoniasms-redis",
    region: "oregon",
    plan: "standard",
    evictionPolicy: "noeviction",
    persistence: "journal_snapshot",
    ipAllowList: [],
    internalAuthentication: false,
  };
  const expected = JSON.stringify(description);
  const wiring = {
    name: "connect-yw-backend",
    serviceId: service,
    groupName: "koinoniasms-redis-env",
    env: { ENABLE_QUEUES: "true" },
    rollOutSeconds: 900,
  };
  const backend = JSON.stringify(wiring);

  const preflight = new NullResource(stack, "preflight", {
    // JSON leaves out what is undefined.
    triggers: {
      redis: JSON.stringify({ ...description, name: undefined }),
      backend: JSON.stringify({ ...wiring, groupName: undefined }),
    },
    provisioners: [
      run("node --import tsx wiring/main.ts preflight", { REDIS_EXPECTED: expected, BACKEND_EXPECTED: backend }),
    ],
  });
  const redis = new Resource(
    stack,
    "redis",
    "render_keyvalue",
    {
      name: "koinoniasms-redis",
      plan: "standard",
      region: "oregon",
      max_memory_policy: "noeviction",
      persistence_mode: "journal_snapshot",
      ip_allow_list: [],
    },
    {
      dependsOn: [preflight],
      lifecycle: {
        createBeforeDestroy: true,
        preventDestroy: true,
        postcondition: [
          {
            condition: `\${self.connection_info.internal_connection_string == "redis://\${self.id}:6379"}`,
            errorMessage:
              "Render's internal URL is not redis://<id>:6379: internal authentication is on. Set redis.internalAuthentication to true, or switch it off in Render's dashboard.",
          },
        ],
      },
    },
  );
  const id = redis.getStringAttribute("id");
  const checks = new NullResource(stack, "redis_checks", {
    triggers: {
      instance_id: id,
      name: "koinoniasms-redis",
      region: "oregon",
      plan: "standard",
      eviction_policy: "noeviction",
      persistence: "journal_snapshot",
      ip_allow_list: "[]",
      internal_authentication: "false",
      checks: parameters,
    },
    provisioners: [
      run("node checks/start.cjs --post-apply", {
        REDIS_INSTANCE_ID: id,
        REDIS_EXPECTED: expected,
        REDIS_CHECKS: JSON.stringify({ deadlineSeconds: 300, acceptUnknown: false, backendServiceId: service }),
      }),
    ],
  });
  const services = TerraformIterator.fromList([service]);
  const leave = new NullResource(stack, "backend_leave", {
    forEach: services,
    triggers: { service_id: services.value },
    lifecycle: { createBeforeDestroy: true },
    dependsOn: [checks],
    provisioners: [
      run(
        "node --import tsx wiring/main.ts leave",
        { BACKEND_SERVICE_ID: `\${self.triggers.service_id}`, BACKEND_ROLL_OUT_SECONDS: "900" },
        "destroy",
      ),
    ],
  });
  const url = `redis://${id}:6379`;
  const envVars = { ENABLE_QUEUES: { value: "true" }, REDIS_URL: { value: url } };
  const group = new Resource(
    stack,
    "backend_group",
    "render_env_group",
    { name: "koinoniasms-redis-env", env_vars: envVars },
    { dependsOn: [leave] },
  );
  group.overrideLogicalId("backend");
  const groupId = group.getStringAttribute("id");
  const link = new Resource(
    stack,
    "backend_link",
    "render_env_group_link",
    { env_group_id: groupId, service_ids: [service] },
    {},
  );
  link.overrideLogicalId("backend");
  const rollOut = new NullResource(stack, "backend_roll_out", {
    triggers: {
      service_id: service,
      group_id: groupId,
      redis_url: url,
      env: JSON.stringify({ ENABLE_QUEUES: "true" }),
    },
    dependsOn: [link],
    provisioners: [
      run("node --import tsx wiring/main.ts roll-out", { BACKEND_EXPECTED: backend, BACKEND_GROUP_ID: groupId }),
    ],
  });
  new NullResource(stack, "backend_checks", {
    triggers: { instance_id: id, backend, roll_out: rollOut.id },
    provisioners: [
      run("node checks/start.cjs --post-apply", {
        REDIS_INSTANCE_ID: id,
        REDIS_EXPECTED: expected,
        REDIS_CHECKS: parameters,
        BACKEND_EXPECTED: backend,
      }),
    ],
  });
  new TerraformOutput(stack, "instance_id", { value: id });
  new TerraformOutput(stack, "plan", { value: "standard" });
  new TerraformOutput(stack, "deletion_protection", { value: true });
  new TerraformOutput(stack, "eviction_policy", { value: "noeviction" });
  new TerraformOutput(stack, "memory", { value: "1 GB" });
  new TerraformOutput(stack, "internal_url", { value: url, sensitive: true });
  new TerraformOutput(stack, "external_url", {
    value: redis.getStringAttribute("connection_info.external_connection_string"),
    sensitive: true,
  });
  return stack;
}
