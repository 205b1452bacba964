import { Worker } from "node:worker_threads";
import type { RedisAddress } from "../../redis/address.ts";
import type { Answer, LibraryObservation } from "../observation/observation.ts";
import type { TrialAnswer, TrialTask } from "./worker.ts";

const PATIENCE_MS = 15_000;

/**
 * A thread in which Bull and BullMQ are tried. They may keep it busy, and their uncaught errors would end the process, so they stay
 * out of the thread that watches the deadline.
 */
export class TrialThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (outcome: Answer) => void>();
  #tasks = 0;
  #usable = true;

  /** @param program what `buildWorker` made. */
  constructor(program: string) {
    // What the libraries print may hold anything: it is dropped.
    this.#worker = new Worker(program, { eval: true, stdout: true, stderr: true });
    this.#worker.on("message", ({ id, outcome }: TrialAnswer) => this.#waiting.get(id)?.(outcome));
    this.#worker.once("error", () => {
      for (const id of this.#waiting.keys()) this.#giveUp(id, "ERR");
    });
    // An idle thread must not keep the process alive.
    this.#worker.unref();
  }

  /** False once a trial did not end: it may disturb others. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Takes a job through a library. Never rejects. */
  async outcomeOf(library: LibraryObservation["library"], address: RedisAddress, stop: AbortSignal): Promise<Answer> {
    if (stop.aborted) return { failure: "STOPPED" };
    const task: TrialTask = { id: this.#tasks++, library, address };
    const onStop = () => this.#giveUp(task.id, "STOPPED");
    stop.addEventListener("abort", onStop);
    const patience = setTimeout(() => this.#giveUp(task.id, "TIMEOUT"), PATIENCE_MS);
    try {
      return await new Promise((resolve) => {
        this.#waiting.set(task.id, resolve);
        this.#worker.postMessage(task);
      });
    } finally {
      clearTimeout(patience);
      stop.removeEventListener("abort", onStop);
      this.#waiting.delete(task.id);
      if (!this.#usable && this.#waiting.size === 0) await this.#worker.terminate();
    }
  }

  #giveUp(id: number, failure: "STOPPED" | "TIMEOUT" | "ERR"): void {
    this.#usable = false;
    this.#waiting.get(id)?.({ failure });
  }
}
