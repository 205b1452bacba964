import type { LocalExecProvisioner } from "cdktf";
import { expectedInstance } from "../render/instance.ts";
import type { ExpectedService } from "../render/service.ts";
import { escapeTemplate } from "./escape-template.ts";
import type { RedisInstance } from "./redis-instance.ts";

export interface ChecksCommandProps {
  /** The environment's name, for the report. */
  readonly environment: string;
  /** What is proved. */
  readonly redis: RedisInstance;
  /** How: see `cli/verify-request.ts`. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** Given once the backend is wired: then it is the backend that is proved. */
  readonly backend?: ExpectedService;
  /** The repository's root, where the checks are, as a path relative to the stack's own directory. */
  readonly repository: string;
}

/**
 * A provisioner that runs the checks. They get the instance's id and what it should be; they fetch the connection string
 * from Render themselves, with the `RENDER_API_KEY` that Terraform runs with: a secret in a provisioner would hide its
 * output when it succeeds and be printed when it fails.
 */
export function checksCommand({
  environment,
  redis,
  parameters,
  backend,
  repository,
}: ChecksCommandProps): LocalExecProvisioner {
  const expected = expectedInstance(environment, redis.instance);
  return {
    type: "local-exec",
    command: "node checks/start.cjs --post-apply",
    workingDir: `\${path.root}/${repository}`,
    environment: {
      REDIS_INSTANCE_ID: redis.id,
      REDIS_EXPECTED: escapeTemplate(JSON.stringify(expected)),
      REDIS_CHECKS: JSON.stringify(parameters),
      ...(backend === undefined ? {} : { BACKEND_EXPECTED: escapeTemplate(JSON.stringify(backend)) }),
    },
  };
}
