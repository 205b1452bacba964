import { Hono } from "hono";
import { z } from "zod";
import { parseEvictionPolicy, redisSpelling } from "../../../render/spellings.ts";
import { faultsSchema } from "../faults.ts";
import type { Platform } from "../platform.ts";
import { newSecret } from "../state/ids.ts";
import { badRequest, conflict } from "./error.ts";
import { pathParameter, readBody, readSetting } from "./request.ts";
import type { RequestLog } from "./request-log.ts";

/** The prefix of the keys that filling an instance makes, so that they can be told from data and removed. */
const FILLER = "local-render:filler:";
const FILLER_BYTES = 256 * 1024;
const FINEST_FILLER_BYTES = 256;

/** `/local`: what a person at Render's own machines could do, and what no one should. It is not part of Render's API. */
export function controlApi(platform: Platform, requests: RequestLog): Hono {
  const { keyValues, faults } = platform;
  return new Hono()
    .get("/faults", (context) => context.json(faults.settings))
    .patch("/faults", async (context) => {
      const changes = await readBody(context, z.record(z.string(), z.unknown()));
      const merged = faultsSchema.safeParse({ ...faults.settings, ...changes });
      if (!merged.success) throw badRequest(z.prettifyError(merged.error));
      faults.change(changes);
      return context.json(faults.settings);
    })
    .delete("/faults", (context) => {
      faults.clear();
      return context.body(null, 204);
    })
    .get("/requests", (context) => context.json(requests.all))
    .delete("/requests", (context) => {
      requests.clear();
      return context.body(null, 204);
    })
    .post("/key-value/:id/kill", async (context) => {
      await keyValues.running(pathParameter(context, "id")).kill();
      return context.body(null, 204);
    })
    .post("/key-value/:id/start", async (context) => {
      await keyValues.running(pathParameter(context, "id")).release();
      return context.body(null, 204);
    })
    .post("/key-value/:id/freeze", (context) => {
      keyValues.running(pathParameter(context, "id")).freeze();
      return context.body(null, 204);
    })
    .post("/key-value/:id/thaw", (context) => {
      keyValues.running(pathParameter(context, "id")).thaw();
      return context.body(null, 204);
    })
    .post("/key-value/:id/policy", async (context) => {
      const { policy } = await readBody(context, z.object({ policy: z.string() }));
      const spelling = redisSpelling(readSetting("policy", () => parseEvictionPolicy(policy)));
      await onServer(platform, pathParameter(context, "id"), (redis) =>
        redis.config("SET", "maxmemory-policy", spelling),
      );
      return context.body(null, 204);
    })
    .post("/key-value/:id/fill", async (context) => {
      const id = pathParameter(context, "id");
      let full = false;
      // What a connection needs for itself is free again when it ends: full is what is full for a new one.
      while (!full) {
        await onServer(platform, id, async (redis) => {
          full = await fill(redis);
        });
      }
      return context.body(null, 204);
    })
    .post("/key-value/:id/drain", async (context) => {
      await onServer(platform, pathParameter(context, "id"), drain);
      return context.body(null, 204);
    })
    .post("/key-value/:id/internal-authentication", async (context) => {
      const { enabled } = await readBody(context, z.object({ enabled: z.boolean() }));
      keyValues.setInternalAuthentication(pathParameter(context, "id"), enabled);
      return context.body(null, 204);
    });
}

type Admin = Parameters<Parameters<ReturnType<Platform["keyValues"]["running"]>["server"]["admin"]>[0]>[0];

async function onServer(platform: Platform, id: string, use: (redis: Admin) => Promise<unknown>): Promise<void> {
  const instance = platform.keyValues.running(id);
  try {
    await instance.server.admin(use);
  } catch {
    // The client's own error holds the password of the platform's user.
    throw conflict(`${id} has no server that answers. Start or thaw it first.`);
  }
}

/** Writes until the server refuses. Whether it refused at once; or began to evict, which is as full as it gets. */
async function fill(redis: Admin): Promise<boolean> {
  const prefix = `${FILLER}${newSecret(8)}:`;
  const accepts = async (key: string, bytes: number) => {
    return (await redis.set(`${prefix}${key}`, "x".repeat(bytes)).catch(() => "refused")) === "OK";
  };
  if (!(await accepts("first", FINEST_FILLER_BYTES))) return true;
  // Ever smaller values, so that in the end nothing of any size fits.
  for (let bytes = FILLER_BYTES; bytes >= FINEST_FILLER_BYTES; bytes /= 4) {
    for (let index = 0; await accepts(`${bytes}:${index}`, bytes); index += 1) {
      if (index % 64 === 0 && /^evicted_keys:[1-9]/m.test(await redis.info("stats"))) return true;
    }
  }
  return false;
}

async function drain(redis: Admin): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${FILLER}*`, count: 500 })) {
    const names = z.array(z.string()).parse(keys);
    if (names.length > 0) await redis.unlink(...names);
  }
}
