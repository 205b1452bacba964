import { sleep } from "../../runtime/wait.ts";
import { Claims } from "./claims.ts";
import { Delivery } from "./delivery.ts";
import { log, logErrors, surviveRedis } from "./log.ts";
import { Sender } from "./sender.ts";
import { createBackend } from "./server.ts";
import { readSettings } from "./settings.ts";

/** Render kills a process 30 seconds after asking it to end. */
const SHUTDOWN_MS = 25_000;
/** Keep answering for one second after SIGTERM, until callers use the new process. */
const SHUTDOWN_GRACE_MS = 1_000;

surviveRedis(logErrors("queue"));
const settings = readSettings(process.env);
const delivery = new Delivery(settings, new Sender(new Claims(settings.DATA_DIRECTORY), settings.PROVIDER_URL));
const host = settings.HOST ?? (settings.RENDER === "true" ? "0.0.0.0" : "127.0.0.1");
const server = createBackend(delivery, { localOnly: host === "127.0.0.1" });

process.once("SIGTERM", () => void shutDown());
process.once("SIGINT", () => void shutDown());

await delivery.start();
server.listen(settings.PORT, host, () => log("✓", `Listening on port ${settings.PORT}`));

/** First refuses callers, then jobs, then ends. The next process takes the waiting jobs. */
async function shutDown(): Promise<void> {
  log("✓", "Shutting down: finishing what is under way");
  // Callers that keep their connection would lose what they send into it just as it is closed; so they are asked to go.
  server.prependListener("request", (_request, response) => response.setHeader("connection", "close"));
  await sleep(SHUTDOWN_GRACE_MS);
  const served = new Promise((resolve) => server.close(resolve));
  const finished = served.then(() => delivery.stop()).then(() => true);
  const inTime = await Promise.race([finished, sleep(SHUTDOWN_MS).then(() => false)]);
  log(inTime ? "✓" : "!", inTime ? "Shut down" : "Shut down with jobs under way; another process takes them over");
  process.exit(0);
}
