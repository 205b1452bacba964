import { afterEach, expect, test, vi } from "vitest";

const palette = vi.hoisted(() => ({ createColors: (on: boolean) => on, isColorSupported: true }));
vi.mock("picocolors", () => ({ default: palette }));

const { isTTY } = process.stdout;
const terminal = (value: boolean | undefined) =>
  Object.defineProperty(process.stdout, "isTTY", { value, writable: true });
afterEach(() => {
  terminal(isTTY);
  vi.resetModules();
});

test.each([
  [true, true, true],
  [true, false, false],
  [undefined, true, false],
])("on a terminal: %o, where there are colours: %o", async (isTerminal, supported, coloured) => {
  palette.isColorSupported = supported;
  terminal(isTerminal);
  expect((await import("../../runtime/colors.ts")).colors).toBe(coloured);
});
