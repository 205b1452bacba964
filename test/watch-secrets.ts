import { vi } from "vitest";
import { bringIntoPlay } from "./secrets-in-play.ts";

/** Shorter ones name things, and are no secrets. */
const SHORTEST_SECRET = 20;

// Every secret that a Render in a test makes up is in play from then on; it is the real one all the same.
vi.mock("../dev/emulator/state/ids.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../dev/emulator/state/ids.ts")>();
  const newSecret = (length: number) => {
    const secret = original.newSecret(length);
    if (length >= SHORTEST_SECRET) bringIntoPlay(secret);
    return secret;
  };
  return { ...original, newSecret };
});
