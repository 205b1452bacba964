import { setTimeout as sleep } from "node:timers/promises";
import { Claims } from "./claims.ts";
import { Delivery } from "./delivery.ts";
import { log } from "./log.ts";
import { Sender } from "./sender.ts";
import { createBackend } from "./server.ts";
import { readSettings } from "./settings.ts";

/** Render kills a process 30 seconds after asking it to end. */
const SHUTDOWN_MS = 25_000;
/** For as long it goes on answering: callers learn of the new process a moment after this one is asked to end. */
const FAREWELL_MS = 1_000;

const settings = readSettings(process.env);
const delivery = new Delivery(settings, new Sender(new Claims(settings.DATA_DIRECTORY), settings.PROVIDER_URL));
const server = createBackend(delivery);

process.once("SIGTERM", () => void shutDown());
process.once("SIGINT", () => void shutDown());

await delivery.start();
server.listen(settings.PORT, () => log("✓", `Listening on port ${settings.PORT}`));

/** First no more callers, then no more jobs, then the end. What still waits in the queue is for the next process. */
async function shutDown(): Promise<void> {
  log("✓", "Shutting down: finishing what is under way");
  // Callers that keep their connection would lose what they send into it just as it is closed; so they are asked to go.
  server.prependListener("request", (_request, response) => response.setHeader("connection", "close"));
  await sleep(FAREWELL_MS);
  const served = new Promise((resolve) => server.close(resolve));
  const finished = served.then(() => delivery.stop()).then(() => true);
  const inTime = await Promise.race([finished, sleep(SHUTDOWN_MS, false)]);
  log(inTime ? "✓" : "!", inTime ? "Shut down" : "Shut down with jobs under way; another process takes them over");
  process.exit(0);
}
