import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FakeMachine, HEALTHY, PROGRAM } from "./fake-machine.ts";

describe("diagnose", () => {
  test("finds everything on a healthy machine", async () => {
    using machine = new FakeMachine(HEALTHY);
    const { ok, node, terraform, redis } = await machine.diagnosis();
    expect(ok).toBe(true);
    expect(node.found).toEqual({ product: "Node.js", version: "20.19.0", path: join(machine.bin, "node") });
    expect(terraform.found).toEqual({ product: "Terraform", version: "1.9.0", path: join(machine.bin, "terraform") });
    expect(redis.found).toEqual({ product: "Redis", version: "7.0.15", path: join(machine.bin, "redis-server") });
    expect([node, terraform, redis].map(({ status, remedy }) => [status, remedy])).toEqual(Array(3).fill(["ok", []]));
  });

  test.each([
    { manager: "apt-get", terraform: "apt-get install -y terraform", redis: "sudo apt-get install -y redis-server" },
    { manager: "dnf", terraform: "sudo dnf install -y terraform", redis: "sudo dnf install -y valkey" },
    { manager: "apk", terraform: "sudo apk add opentofu", redis: "sudo apk add redis" },
    { manager: "brew", terraform: "brew install hashicorp/tap/terraform", redis: "brew install redis" },
  ])("says how to get what is missing with $manager", async ({ manager, terraform, redis }) => {
    using machine = new FakeMachine({ [manager]: "exit 1" });
    const found = await machine.diagnosis();
    expect(found).toMatchObject({ ok: false });
    expect([found.node.status, found.terraform.status, found.redis.status]).toEqual(Array(3).fill("missing"));
    expect(found.node.remedy).not.toEqual([]);
    expect(found.terraform.remedy.join("\n")).toContain(terraform);
    expect(found.redis.remedy.join("\n")).toContain(redis);
  });

  test("spares root the sudo", async () => {
    using machine = new FakeMachine({ "apt-get": "exit 1" });
    const { terraform, redis } = await machine.diagnosis({ user: "root" });
    expect(redis.remedy).toEqual(["apt-get update && apt-get install -y redis-server"]);
    expect(terraform.remedy.join("\n")).not.toContain("sudo");
  });

  test.each([
    { id: "node", program: { node: PROGRAM.node("18.19.0") }, product: "Node.js" },
    { id: "node", program: { node: PROGRAM.node("20.9.0") }, product: "Node.js" },
    { id: "terraform", program: { terraform: PROGRAM.terraform("1.8.5") }, product: "Terraform" },
    { id: "redis", program: { "redis-server": PROGRAM.redis("6.0.16") }, product: "Redis" },
    {
      id: "redis",
      program: { "redis-server": undefined, "valkey-server": PROGRAM.valkey("7.2.8") },
      product: "Valkey",
    },
    // Valkey 7.2 where the distribution calls it redis-server: new enough for Redis, not for Valkey.
    { id: "redis", program: { "redis-server": 'echo "Server v=7.2.5 sha=0:0"' }, product: "Valkey" },
  ] as const)("finds $product too old: $program", async ({ id, program, product }) => {
    using machine = new FakeMachine({ ...HEALTHY, ...program, "apt-get": "exit 1" });
    const { ok, [id]: finding } = await machine.diagnosis();
    expect(ok).toBe(false);
    expect(finding).toMatchObject({ status: "too_old", found: { product } });
    expect(finding.problem).toContain("is too old");
    expect(finding.remedy).not.toEqual([]);
  });

  test("sends a Redis that is too old on Debian to its makers' packages", async () => {
    using machine = new FakeMachine({ ...HEALTHY, "redis-server": PROGRAM.redis("6.0.16"), "apt-get": "exit 1" });
    expect((await machine.diagnosis()).redis.remedy.join("\n")).toContain("packages.redis.io");
  });

  test.each([
    {
      of: "garbage",
      script: "printf 'command line \\033[31mtool\\033[0m 7'",
      problem: 'no version but "command line tool 7"',
    },
    { of: "nothing", script: "exit 0", problem: "printed nothing" },
    { of: "an error", script: "echo 'no such shim' >&2; exit 126", problem: "exit code 126: no such shim" },
    { of: "no end", script: "while :; do echo yesyesyesyesyesyesyes; done", problem: "far more than a version" },
  ])("reports a program that answers with $of", async ({ script, problem }) => {
    using machine = new FakeMachine({ ...HEALTHY, terraform: script, "redis-server": script });
    const { ok, terraform, redis } = await machine.diagnosis();
    expect(ok).toBe(false);
    for (const { status, found, problem: text } of [terraform, redis]) {
      expect({ status, found }).toEqual({ status: "broken", found: null });
      expect(text).toContain(problem);
    }
  });

  test("reports a program that cannot be started", async () => {
    using machine = new FakeMachine({ ...HEALTHY });
    writeFileSync(join(machine.bin, "redis-server"), "#!/no/such/interpreter\n", { mode: 0o755 });
    const { redis } = await machine.diagnosis();
    expect(redis).toMatchObject({
      status: "broken",
      problem: expect.stringContaining("could not be started (ENOENT)"),
    });
  });

  test("takes Valkey for Redis, also when the redis-server beside it is no good", async () => {
    using machine = new FakeMachine({
      ...HEALTHY,
      "redis-server": PROGRAM.redis("6.2.0"),
      "valkey-server": PROGRAM.valkey("8.0.1"),
    });
    const { ok, redis } = await machine.diagnosis();
    expect(ok).toBe(true);
    expect(redis).toMatchObject({ status: "ok", found: { product: "Valkey", version: "8.0.1" } });
  });

  test("warns that OpenTofu has to be named to cdktf", async () => {
    using machine = new FakeMachine({ ...HEALTHY, terraform: undefined, tofu: PROGRAM.terraform("1.9.0") });
    const { ok, terraform } = await machine.diagnosis();
    expect(ok).toBe(true);
    expect(terraform).toMatchObject({
      status: "warning",
      found: { product: "OpenTofu", version: "1.9.0" },
      remedy: ["export TERRAFORM_BINARY_NAME=tofu"],
    });
  });

  test("takes the program that TERRAFORM_BINARY_NAME names, and no other", async () => {
    using machine = new FakeMachine({ ...HEALTHY, tofu: PROGRAM.terraform("1.9.0") });
    const named = await machine.diagnosis({ env: { TERRAFORM_BINARY_NAME: "tofu" } });
    expect(named.terraform).toMatchObject({ status: "ok", found: { product: "OpenTofu" } });
    const path = join(machine.bin, "terraform");
    const byPath = await machine.diagnosis({ env: { TERRAFORM_BINARY_NAME: path } });
    expect(byPath.terraform).toMatchObject({ status: "ok", found: { product: "Terraform", path } });
    const gone = await machine.diagnosis({ env: { TERRAFORM_BINARY_NAME: "terrafrom" } });
    expect(gone).toMatchObject({
      ok: false,
      terraform: { status: "missing", remedy: ["unset TERRAFORM_BINARY_NAME"] },
    });
    expect(gone.terraform.problem).toContain('TERRAFORM_BINARY_NAME is "terrafrom"');
  });

  test.each(["23.1.0", "24.0.0"])("warns that cdktf-cli does not run on Node.js %s", async (version) => {
    using machine = new FakeMachine({ ...HEALTHY, node: PROGRAM.node(version), brew: "exit 1" });
    const { ok, node } = await machine.diagnosis();
    expect(ok).toBe(true);
    expect(node).toMatchObject({ status: "warning", problem: expect.stringContaining("use 20 or 22") });
    expect(node.remedy).toContain("brew install node@22");
  });
});
