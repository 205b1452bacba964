import { z } from "zod";
import { invalid } from "../state/refusal.ts";

const call = {
  /** Only calls with this method count. */
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).optional(),
  /** Only calls whose path, without `/v1`, begins with this count. */
  path: z.string().startsWith("/").optional(),
};

const callFault = z.strictObject({
  ...call,
  /** Let this many matching calls pass first. */
  after: z.number().int().min(0).default(0),
  /** Then do it to this many. */
  times: z.number().int().min(1).default(1),
});

/** The faults that last. All are off when the emulator starts. */
export const faultsSchema = z.strictObject({
  /** Milliseconds that every answer of the API is late. */
  latencyMs: z.number().int().min(0).default(0),
  /** Calls answered with 429, and the seconds of their `Retry-After`. */
  tooManyRequests: callFault
    .extend({ retryAfterSeconds: z.number().int().min(0).default(1) })
    .nullable()
    .default(null),
  /** Calls answered with an error of the server. The call has no effect. */
  serverError: callFault
    .extend({ status: z.union([z.literal(500), z.literal(502), z.literal(503)]).default(500) })
    .nullable()
    .default(null),
  /** Calls answered with 200 and something that is not JSON. */
  garbage: callFault.nullable().default(null),
  /** Calls whose connection breaks after the call took effect. */
  brokenConnection: callFault.nullable().default(null),
  /** Whether new and restarting instances never become available. */
  stuckCreating: z.boolean().default(false),
  /** Milliseconds that an updated instance stays available, as it was, before it restarts. */
  lateUpdateMs: z.number().int().min(0).default(0),
  /** How the next deploys end instead of going live; `null` for normally. */
  deployFailure: z.enum(["build_failed", "update_failed", "pre_deploy_failed", "canceled"]).nullable().default(null),
  /** Whether a new deploy cancels the one in progress, as Render's default does since May 2025, or waits for it. */
  overlappingDeploys: z.enum(["override", "wait"]).default("override"),
  /** Whether a deploy is answered with 202 and an empty body, and is listed later, as Render does for some services. */
  deployAccepted: z.boolean().default(false),
  /** The ids of what a Blueprint of the workspace manages. Only the dashboard makes Blueprints. */
  blueprint: z.array(z.string()).default([]),
  /** Whether instances show their plan under the names of August 2026 (`1g` for `standard`). */
  newPlanNames: z.boolean().default(false),
});

export type FaultSettings = z.infer<typeof faultsSchema>;
/** Some of the settings; what is left out keeps its value. */
export type FaultChanges = Partial<z.input<typeof faultsSchema>>;

type CallFaultName = "tooManyRequests" | "serverError" | "garbage" | "brokenConnection";

/** The faults that are switched on. */
export class Faults {
  #settings: FaultSettings = faultsSchema.parse({});
  #seen: Record<CallFaultName, number> = { tooManyRequests: 0, serverError: 0, garbage: 0, brokenConnection: 0 };

  get settings(): FaultSettings {
    return this.#settings;
  }

  /** @throws Refusal for a fault that there is not. */
  change(changes: Readonly<Record<string, unknown>>): void {
    const merged = faultsSchema.safeParse({ ...this.#settings, ...changes });
    if (!merged.success) throw invalid(z.prettifyError(merged.error));
    this.#settings = merged.data;
    for (const name of ["tooManyRequests", "serverError", "garbage", "brokenConnection"] as const) {
      if (name in changes) this.#seen[name] = 0;
    }
  }

  /** Switches all off. What the workspace has chosen for its deploys is no fault, and stays. */
  clear(): void {
    const { overlappingDeploys } = this.#settings;
    this.change(faultsSchema.parse({ overlappingDeploys }));
  }

  /** Whether a fault strikes this call. Asking counts the call. */
  strikes(name: CallFaultName, method: string, path: string): boolean {
    const fault = this.#settings[name];
    if (fault === null) return false;
    if (fault.method !== undefined && fault.method !== method) return false;
    if (fault.path !== undefined && !path.startsWith(fault.path)) return false;
    const seen = this.#seen[name];
    this.#seen[name] = seen + 1;
    return seen >= fault.after && seen < fault.after + fault.times;
  }
}
