import { z } from "zod";

/** The backend of an environment and what it should read: what is wired, rolled out and proved. Holds no secret. */
export const backendDescriptionSchema = z.object({
  /** The service's name on Render, for people. */
  name: z.string().min(1),
  serviceId: z.string().regex(/^srv-[a-z0-9]{20}$/, "is not a service's id (srv-…)"),
  /** The environment group that gives it its variables. */
  groupName: z.string().min(1),
  /** What it reads beside `REDIS_URL`. */
  env: z.record(z.string(), z.string()),
  /** A path that it answers on when it is well. */
  healthPath: z.string().optional(),
  /** A command that works off what waits in the Redis at `REDIS_URL`, run as a one-off job before that is destroyed. */
  drainCommand: z.string().min(1).optional(),
  /** Seconds that a roll-out may take. */
  rollOutSeconds: z.int().positive(),
});

export type BackendDescription = Readonly<z.infer<typeof backendDescriptionSchema>>;
