import { badRequest, conflict, notFound } from "../http/error.ts";
import type { PrivateNetwork } from "../machine/private-network.ts";
import type { SupervisedProcess } from "../machine/supervised-process.ts";
import type { Supervisor } from "../machine/supervisor.ts";
import { newId } from "../state/ids.ts";
import type { JobState, ServiceState } from "../state/schema.ts";
import type { Store } from "../state/store.ts";
import { CHECKOUT, insideEnvironment } from "./inside.ts";
import type { LogBook } from "./log-book.ts";

export interface JobsOptions {
  readonly store: Store;
  readonly supervisor: Supervisor;
  readonly network: PrivateNetwork;
  readonly logs: LogBook;
}

/** One-off jobs: a command, run once inside the private network with what its service is deployed with. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #running = new Map<string, SupervisedProcess>();

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** What ran when the last run ended was killed with it. */
  open(): void {
    for (const job of this.#all) if (isUnfinished(job)) this.#finish(job, "failed");
  }

  /** Newest first. */
  of(serviceId: string): JobState[] {
    return this.#all.filter((job) => job.serviceId === serviceId).reverse();
  }

  get(serviceId: string, id: string): JobState {
    const job = this.#all.find((candidate) => candidate.id === id && candidate.serviceId === serviceId);
    if (job === undefined) throw notFound(id);
    return job;
  }

  /** Whether an id is that of a job, whichever service it belongs to. */
  has(id: string): boolean {
    return this.#all.some((job) => job.id === id);
  }

  /** Begins a job. It returns at once. @throws ApiError when Render would refuse. */
  create(service: ServiceState, startCommand: string, planId: string | undefined): JobState {
    if (service.suspended) throw badRequest(`${service.id} is suspended. Resume it before running a job.`);
    if (service.serviceDetails.plan === "free") throw badRequest("one-off jobs are not available for free services.");
    const job: JobState = {
      id: newId("job"),
      serviceId: service.id,
      startCommand,
      planId: planId ?? service.serviceDetails.plan,
      status: "pending",
      createdAt: new Date().toISOString(),
    };
    this.#all.push(job);
    this.#options.store.save();
    // The environment is that of the running deploy, not what the API shows now.
    const env = insideEnvironment(service, service.deployed.env, this.#options.network);
    setImmediate(() => void this.#run(job, env));
    return job;
  }

  /** @throws ApiError when the job is over. */
  cancel(serviceId: string, id: string): JobState {
    const job = this.get(serviceId, id);
    if (!isUnfinished(job)) throw conflict(`${id} is ${job.status} and cannot be canceled.`);
    this.#finish(job, "canceled");
    void this.#running.get(id)?.stop();
    return job;
  }

  get #all(): JobState[] {
    return this.#options.store.state.jobs;
  }

  async #run(job: JobState, env: Readonly<Record<string, string>>): Promise<void> {
    if (job.status !== "pending") return;
    job.status = "running";
    job.startedAt = new Date().toISOString();
    this.#options.store.save();
    const child = this.#options.supervisor.start({
      command: "sh",
      args: ["-c", job.startCommand],
      env,
      cwd: CHECKOUT,
      onLine: (line, stream) => this.#options.logs.write(job.id, line, stream),
    });
    this.#running.set(job.id, child);
    const { code } = await child.exited;
    this.#running.delete(job.id);
    this.#finish(job, code === 0 ? "succeeded" : "failed");
  }

  #finish(job: JobState, status: JobState["status"]): void {
    if (!isUnfinished(job)) return;
    job.status = status;
    job.finishedAt = new Date().toISOString();
    this.#options.store.save();
  }
}

function isUnfinished(job: JobState): boolean {
  return job.status === "pending" || job.status === "running";
}
