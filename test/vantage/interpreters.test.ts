import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { Observation } from "../../checks/observation/observation.ts";
import { observation } from "../../checks/program.ts";
import { parseInfo } from "../../redis/info.ts";
import { RenderClient } from "../../render/api/client.ts";
import { API, type KeyValue } from "../../render/api/endpoints.ts";
import { QUEUE_LIBRARIES } from "../../render/spellings.ts";
import { Deadline } from "../../runtime/deadline.ts";
import { Secrets } from "../../runtime/secrets.ts";
import { lookFromInside } from "../../vantage/inside.ts";
import type { Sighting } from "../../vantage/vantage.ts";
import { isInstalled } from "../checks/support/redis-server.ts";
import { TestRender } from "../dev/emulator/harness.ts";

/** Where an interpreter really is: behind a version manager's script there may be another. */
const REAL: Readonly<Record<string, readonly string[]>> = {
  node: ["-p", "process.execPath"],
  python3: ["-c", "import sys; print(sys.executable)"],
  ruby: ["-e", "puts RbConfig.ruby"],
  php: ["-r", "echo PHP_BINARY;"],
  perl: ["-e", "print $^X"],
  bash: ["-c", "echo $BASH"],
};
const SERVERS = { "redis-server": "Redis", "valkey-server": "Valkey" } as const;
const COMPILES = process.platform === "linux" && isInstalled("cc");

const directories: string[] = [];
/** A directory for the PATH with these programs: links to real ones, or scripts. */
function pathOf(programs: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "path-"));
  directories.push(directory);
  for (const [name, program] of Object.entries(programs)) {
    const file = join(directory, name);
    if (!program.startsWith("#!")) symlinkSync(program, file);
    else {
      writeFileSync(file, program);
      chmodSync(file, 0o755);
    }
  }
  return directory;
}
function realOf(name: string): string {
  const found = execFileSync(name, [...(REAL[name] ?? [])], { encoding: "utf8" }).trim();
  return realpathSync(found.startsWith("/") ? found : execFileSync("which", [name], { encoding: "utf8" }).trim());
}
const SH = realpathSync("/bin/sh");
/** One that nothing is in but a shell and these. */
const only = (programs: Readonly<Record<string, string>>) => pathOf({ sh: SH, ...programs });

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
});

let render: TestRender;
let client: RenderClient;
let instance: KeyValue;

/** What is seen from inside where the service's image has this on its PATH. */
async function lookWith(
  path: string,
  experiments: Parameters<typeof observation>[0] = ["stranger", "pubSub", "queue", "proof"],
  of = instance,
): Promise<Sighting<Observation>> {
  const { backendServiceId: serviceId } = render.render;
  await render.call("PUT", `/services/${serviceId}/env-vars/PATH`, { value: path });
  const deadline = new Deadline(90);
  try {
    return await lookFromInside(observation(experiments, QUEUE_LIBRARIES), of, {
      ...{ client, serviceId, deadline, signal: deadline.signal, secrets: new Secrets(), onProgress: () => {} },
    });
  } finally {
    deadline.stop("done");
  }
}

async function start(): Promise<void> {
  render = await TestRender.start();
  client = new RenderClient({ apiKey: render.render.apiKey, host: render.render.host });
  const id = await render.instance({ plan: "free" });
  instance = await client.call(API.getKeyValue, { id });
}

/** What does not differ from one look to the next. */
function lasting(sighting: Sighting<Observation>) {
  if ("obstacle" in sighting) return sighting;
  const { core, proof, stranger, pubSub, queue, tookMs } = sighting.seen;
  const { info, latenciesMs, write, ...rest } = core;
  const fields = "reply" in info ? parseInfo(String(info.reply)) : info;
  return {
    ...{ ...rest, proof, stranger, pubSub, queue, latencies: latenciesMs.length },
    ...{ set: write.set, got: "reply" in write.get && write.get.reply === write.value, deleted: write.deleted },
    expires: "reply" in write.ttl && Number(write.ttl.reply) > 29_000,
    // Those of errors tell what the server had before.
    info: Object.keys(fields).filter((name) => !name.startsWith("errorstat_")),
    timed: Object.keys(tookMs ?? {}).toSorted(),
  };
}

describe.each(Object.entries(SERVERS))("with %s", (server, product) => {
  const there = COMPILES && isInstalled(server);
  let byNode: ReturnType<typeof lasting>;

  beforeAll(async () => {
    if (!there) return;
    // The emulator takes Valkey where it is.
    const none = { "valkey-server": "#!/bin/sh\nexit 1\n" };
    const path = pathOf({ ...none, [server]: execFileSync("which", [server], { encoding: "utf8" }).trim() });
    vi.stubEnv("PATH", `${path}:${process.env.PATH}`);
    await start();
    byNode = lasting(await lookWith(only({ node: realOf("node") })));
  });
  afterAll(() => render?.stop());

  test.skipIf(!there)("Node sees everything", () => {
    expect(byNode).toMatchObject({
      ...{ ping: { reply: "PONG" }, latencies: 5, set: { reply: "OK" }, got: true, expires: true },
      ...{ stranger: { reply: "PONG" }, pubSub: { delivered: { reply: "OK" } }, queue: { commands: { reply: "OK" } } },
      proof: { canary: { failure: "OOM" }, evicted: 0 },
    });
    expect("info" in byNode && byNode.info).toContain(product === "Valkey" ? "valkey_version" : "redis_version");
  });

  const others = Object.keys(REAL).filter((name) => name !== "node" && isInstalled(name));

  test.skipIf(!there).each(others)("%s alone sees the same", async (name) => {
    const seen = lasting(await lookWith(only({ [name]: realOf(name) })));
    // How many megabytes there are depends on what the server had before.
    expect(seen).toEqual({ ...byNode, proof: expect.objectContaining({ canary: { failure: "OOM" }, evicted: 0 }) });
    const filled = "proof" in seen && seen.proof !== undefined && "created" in seen.proof ? seen.proof : undefined;
    expect(filled?.grown).toBeGreaterThan(10);
    expect(filled?.alive).toBe(filled?.created);
  });

  test.skipIf(!there).each(others)("%s alone sees an eviction, and what is there", async (name) => {
    const path = only({ [name]: realOf(name) });
    await render.control.act("policy", instance.id, "allkeys_lru");
    expect(lasting(await lookWith(path, ["proof"]))).toMatchObject({
      proof: { evicted: expect.toSatisfy((evicted: number) => evicted > 0) },
      stranger: undefined,
    });
    await render.control.act("policy", instance.id, "noeviction");
    await render.job(send(instance.id, "SET a job"));
    expect(lasting(await lookWith(path, ["proof"]))).toMatchObject({ proof: { refused: "the instance is not empty" } });
    await render.job(send(instance.id, "DEL a"));
  });
});

/** A job's command that sends one command to an instance. */
const send = (id: string, command: string) =>
  `sh -c 'export PATH=/usr/bin:/bin; bash -c "exec 3<>/dev/tcp/${id}/6379; echo ${command} >&3; read -r -u 3"'`;

describe.skipIf(!COMPILES)("an image", () => {
  beforeAll(start);
  afterAll(() => render.stop());

  const bash = realOf("bash");
  const perl = { perl: realOf("perl") };
  const sleep = { sleep: realpathSync("/bin/sleep") };

  test.each<[string, Record<string, string>]>([
    ["python3 is Python 2", { python3: "#!/bin/sh\necho 'SyntaxError: invalid syntax' >&2\nexit 1\n" }],
    [
      "node is too old",
      { node: '#!/bin/sh\ncase "$2" in *versions*) exit 1;; esac\necho "render-redis-check node 1/1 AAAA"\n' },
    ],
    [
      "python3 breaks in the middle of its answer",
      {
        python3:
          '#!/bin/sh\ncase "$2" in *version_info*) exit 0;; esac\necho "render-redis-check python3 1/2 1^"\nexit 1\n',
      },
    ],
    ["ruby is killed", { ruby: "#!/bin/sh\nkill -9 $$\n" }],
    ["ruby hangs", { ruby: "#!/bin/sh\nsleep 600\n", ...sleep }],
  ])("where %s: the next interpreter sees everything", async (_, broken) => {
    const seen = await lookWith(only({ ...broken, ...perl }), ["queue"]);
    expect(seen).toMatchObject({ seen: { core: { ping: { reply: "PONG" } }, queue: { commands: { reply: "OK" } } } });
  });

  test("with a shell alone, or with a bash that has no /dev/tcp: what there is, and the two other ways", async () => {
    const crippled = `#!${bash}\nexec ${bash} "\${@//dev\\/tcp/dev/none}"\n`;
    const remedy = expect.stringMatching(/redis\.ipAllowList.*checks\.acceptUnknown/);
    expect(await lookWith(only({}), [])).toEqual({
      obstacle: { reason: expect.stringMatching(/has a shell, but .*: no node, python3, .*bash$/), remedy },
    });
    expect(await lookWith(only({ bash: crippled }), [])).toEqual({
      obstacle: { reason: expect.stringMatching(/: bash ended with 9; no node, python3/), remedy },
    });
  });

  test("without a shell: the two other ways", async () => {
    expect(await lookWith(pathOf({}), [])).toEqual({
      obstacle: {
        reason: expect.stringContaining("without an answer in its log, as where the service's image has no shell"),
        remedy: expect.stringMatching(/redis\.ipAllowList.*checks\.acceptUnknown/),
      },
    });
  });

  test.each(Object.keys(REAL).filter(isInstalled))(
    "of %s alone: the password comes from the service's own variables, and is nowhere else",
    async (name) => {
      const path = only({ [name]: realOf(name) });
      const id = await render.instance({ name: `with-password-${name}` });
      await render.control.act("internal-authentication", id, "on");
      const locked = await client.call(API.getKeyValue, { id });
      const { internal } = await render.urls(id);
      const { password } = new URL(internal);
      const encoded = password.replaceAll(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
      const put = (value: string) =>
        render.call("PUT", `/services/${render.render.backendServiceId}/env-vars/CELERY_BROKER_URL`, { value });
      await put("redis://red-other:6379");
      // The server takes a moment to ask for the password.
      const refused = { obstacle: expect.objectContaining({ failure: "NOAUTH" }) };
      await expect.poll(() => lookWith(path, [], locked)).toEqual(refused);
      await put(`${internal.replace(password, `${encoded}wrong`)}/0`);
      expect(await lookWith(path, [], locked)).toEqual({ obstacle: expect.objectContaining({ failure: "WRONGPASS" }) });
      await put(`${internal.replace(password, encoded)}/0`);
      expect(await lookWith(path, ["stranger"], locked)).toMatchObject({
        seen: { core: { ping: { reply: "PONG" }, latenciesMs: expect.any(Array) }, stranger: { failure: "NOAUTH" } },
      });
      const { body } = await render.call("GET", `/services/${render.render.backendServiceId}/jobs?limit=100`);
      const jobs = z.array(z.object({ job: z.looseObject({ id: z.string() }) })).parse(body);
      const logged = await Promise.all(jobs.map(({ job }) => render.output(job.id)));
      for (const text of [JSON.stringify(jobs), JSON.stringify(logged)]) {
        expect(text).not.toContain(password);
        expect(text).not.toContain(encoded);
      }
    },
  );
});
