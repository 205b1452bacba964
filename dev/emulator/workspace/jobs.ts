import type { z } from "zod";
import type { RENDER_API } from "../api/endpoints.ts";
import type { Machine } from "../machine/machine.ts";
import { conflict, invalid, missing } from "../state/refusal.ts";
import type { JobState, ServiceState } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import type { LogBook } from "./log-book.ts";
import { effectiveEnv } from "./variables.ts";

export interface JobsOptions {
  readonly store: Store;
  readonly machine: Machine;
  readonly logs: LogBook;
}

/** One-off jobs: a command, run once inside the private network with what its service is configured with. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #running = new Map<string, ReturnType<Machine["job"]>>();

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** What ran when the last run ended was killed with it. */
  open(): void {
    for (const job of this.#all.all) if (isUnfinished(job)) this.#finish(job, "failed");
  }

  /** Newest first. */
  of(serviceId: string): JobState[] {
    return this.#all.newest.filter((job) => job.serviceId === serviceId);
  }

  get(serviceId: string, id: string): JobState {
    const job = this.#all.get(id);
    if (job.serviceId !== serviceId) throw missing(id);
    return job;
  }

  /** Begins a job. It returns at once. @throws Refusal */
  create(service: ServiceState, { startCommand, planId }: z.output<typeof RENDER_API.createJob.sent>): JobState {
    const { plan } = service.serviceDetails;
    if (service.suspended) throw invalid(`${service.id} is suspended. Resume it before running a job.`);
    if (plan === "free") throw invalid("free tier plans are not supported for jobs");
    const job = this.#all.add(({ id, createdAt }) => {
      return { id, serviceId: service.id, startCommand, planId: planId ?? plan, status: "pending", createdAt };
    });
    const env = effectiveEnv(this.#options.store, service);
    setImmediate(() => void this.#run(job, service, env));
    return job;
  }

  /** @throws Refusal when the job is over. */
  cancel(serviceId: string, id: string): JobState {
    const job = this.get(serviceId, id);
    if (!isUnfinished(job)) throw conflict(`${id} is ${job.status} and cannot be canceled.`);
    this.#finish(job, "canceled");
    void this.#running.get(id)?.stop();
    return job;
  }

  /** Cancels what runs or waits, as when the service is deleted. */
  cancelAll(serviceId: string): void {
    for (const job of this.of(serviceId)) if (isUnfinished(job)) this.cancel(serviceId, job.id);
  }

  get #all() {
    return this.#options.store.jobs;
  }

  async #run(job: JobState, service: ServiceState, env: Readonly<Record<string, string>>): Promise<void> {
    if (job.status !== "pending") return;
    const { machine, logs } = this.#options;
    this.#all.note(job, { status: "running", startedAt: new Date().toISOString() });
    const child = machine.job(service, job.startCommand, env, (line, stream) => logs.write(job.id, line, stream));
    this.#running.set(job.id, child);
    const { code } = await child.exited;
    this.#running.delete(job.id);
    this.#finish(job, code === 0 ? "succeeded" : "failed");
  }

  #finish(job: JobState, status: JobState["status"]): void {
    if (isUnfinished(job)) this.#all.note(job, { status, finishedAt: new Date().toISOString() });
  }
}

function isUnfinished(job: JobState): boolean {
  return job.status === "pending" || job.status === "running";
}
