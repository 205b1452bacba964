import type { Machine } from "../../../dev/emulator/machine/machine.ts";

const nothing = async () => {};

/** Runs nothing: instances stay in creation, deploys are live at once, jobs succeed. */
export const idleMachine: Machine = {
  serverVersion: "8.1.4",
  instance: () => ({
    start: nothing,
    restart: nothing,
    suspend: nothing,
    kill: nothing,
    release: nothing,
    freeze: () => {},
    thaw: () => {},
    admin: () => Promise.reject(new Error("no server")),
    close: nothing,
    delete: nothing,
  }),
  service: () => ({ open: async () => 0, replace: async () => undefined, stop: nothing, close: nothing }),
  job: () => ({ exited: Promise.resolve({ code: 0, signal: null }), stop: async () => ({ code: 0, signal: null }) }),
  forget: () => {},
};
