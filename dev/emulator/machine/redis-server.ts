import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Stop } from "../../../runtime/errors.ts";
import { makePrivateDirectory } from "../../../runtime/private-file.ts";
import { until } from "../../../runtime/wait.ts";
import { newSecret } from "../state/ids.ts";
import type { KeyValueState } from "../state/schema.ts";
import { ADMIN_USER, redisConfig } from "./redis-config.ts";
import type { SupervisedProcess } from "./supervised-process.ts";
import type { Supervisor } from "./supervisor.ts";

const START_DEADLINE_MS = 120_000;
const POLL_MS = 15;

export interface RedisServerOptions {
  readonly instance: KeyValueState;
  readonly command: string;
  readonly socket: string;
  readonly dataDirectory: string;
  readonly supervisor: Supervisor;
  readonly onLine: (line: string) => void;
}

/** The running server process of one instance. */
export class RedisServer {
  readonly process: SupervisedProcess;
  readonly #socket: string;
  readonly #adminPassword: string;

  private constructor(child: SupervisedProcess, socket: string, adminPassword: string) {
    this.process = child;
    this.#socket = socket;
    this.#adminPassword = adminPassword;
  }

  /** Starts the server and waits until it has loaded its data and answers. */
  static async start(options: RedisServerOptions): Promise<RedisServer> {
    const { instance, dataDirectory, socket } = options;
    const adminPassword = newSecret(32);
    makePrivateDirectory(dataDirectory);
    const journal = instance.persistenceMode === "journal_snapshot";
    const journalFiles = join(dataDirectory, "appendonlydir");
    // A journal that is no longer written would bring back old data if the mode were ever changed back.
    if (!journal) rmSync(journalFiles, { recursive: true, force: true });
    const fromSnapshot = journal && !existsSync(journalFiles) && existsSync(join(dataDirectory, "dump.rdb"));
    rmSync(socket, { force: true });
    const child = options.supervisor.start({
      command: options.command,
      args: ["-"],
      env: { PATH: process.env.PATH ?? "", TZ: "UTC" },
      input: redisConfig({ instance, socket, dataDirectory, adminPassword, appendOnly: journal && !fromSnapshot }),
      onLine: options.onLine,
    });
    const server = new RedisServer(child, socket, adminPassword);
    await server.#untilReady();
    if (fromSnapshot) await server.#beginJournal();
    return server;
  }

  /** Uses a connection with all rights. It exists only meanwhile: it would count as one of the instance's clients. */
  async admin<T>(use: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis({
      path: this.#socket,
      username: ADMIN_USER,
      password: this.#adminPassword,
      lazyConnect: true,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 5_000,
      retryStrategy: () => null,
    });
    // Without a listener a refused connection would be printed; the rejected call below says the same.
    redis.on("error", () => {});
    try {
      await redis.connect();
      return await use(redis);
    } finally {
      redis.disconnect();
    }
  }

  /** Makes a journal of the data that is loaded, and waits for it: a server that writes its first one refuses to stop. */
  async #beginJournal(): Promise<void> {
    await this.admin(async (redis) => {
      await redis.config("SET", "appendonly", "yes");
      const isWritten = async () => !/^aof_rewrite_(in_progress|scheduled):1/m.test(await redis.info("persistence"));
      await until(isWritten, { first: POLL_MS });
    });
  }

  async #untilReady(): Promise<void> {
    const answers = async () =>
      existsSync(this.#socket) && (await this.admin((redis) => redis.ping()).catch(() => undefined)) === "PONG";
    const ready = await until(async () => (await answers()) || (this.process.running ? undefined : "ended"), {
      withinMs: START_DEADLINE_MS,
      first: POLL_MS,
    });
    if (ready === true) return;
    await this.process.stop(0);
    throw new Stop("failed", "the Redis process did not start; its log says why");
  }
}
