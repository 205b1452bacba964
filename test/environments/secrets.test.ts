import { expect, test } from "vitest";
import { secretsIn } from "../../environments/secrets.ts";

// Put together here: a scanner of this repository would find them.
const key = (...parts: string[]) => parts.join("");
const LONG = "51H8xyzABCDEFGHIJKLMNOPQRSTUVWX0123456789";

test.each([
  ["STRIPE_KEY", key("sk_live", "_", LONG), "a key of Stripe"],
  ["RENDER_KEY", key("rnd", "_", LONG), "a key of Render's API"],
  ["CACHE_URL", key("rediss://default:", "hunter2", "@h.example:6379"), "a Redis URL with a password"],
  ["CACHE", key("redis://:", "hunter2", "@h.example"), "a Redis URL with a password"],
  ["DATABASE_URL", key("postgres://app:", "hunter2secret", "@db.example.com/x"), "a secret (PostgreSQLConnection)"],
  ["MONGO", key("mongodb+srv://app:", "passw0rd", "@cluster.example.net/x"), "a secret (MongoDBConnection)"],
  ["GITHUB", key("ghp", "_", "a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6"), "a secret (GITHUB_TOKEN)"],
])("%s is noticed, and its value not told", async (name, value, what) => {
  const found = await secretsIn({ [name]: value, ENABLE_QUEUES: "true" });
  expect(found).toEqual([expect.stringContaining(`${name} looks like ${what}`)]);
  expect(found.join()).not.toContain(value.slice(-12));
});

test.each([
  ["ENABLE_QUEUES", "true"],
  ["SENDER", "Connect <no-reply@connect.example>"],
  ["CALLBACK", "https://connect.example/callback?from=sms"],
  ["CACHE_URL", "redis://red-d1abcdefghijklmnopqr:6379"],
])("%s=%s is no secret", async (name, value) => {
  expect(await secretsIn({ [name]: value })).toEqual([]);
});
