import type { z } from "zod";
import type { KeyValue } from "../render/api/endpoints.ts";
import type { Place } from "../runtime/proxy.ts";
import type { Closing, Exchange, Exchanged } from "./exchange.ts";

/** What a look from this machine needs. */
export interface HereOptions {
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Milliseconds from now in which trying again to connect is allowed. */
  readonly connectWithinMs: number;
  readonly onProgress: (text: string) => void;
  /** Where to connect instead of the URL's host. */
  readonly via?: Place | undefined;
}

/** Something that is run against a Redis, from this machine or as a one-off job in Render's private network. */
export type Program<Seen> = FromHere<Seen> & (Script<Seen> | Asking<Seen>);

export interface FromHere<Seen> {
  /**
   * Runs it from this machine.
   *
   * @throws RedisFailure when no connection came about.
   */
  here(url: string, options: HereOptions): Promise<Seen>;
}

/** What runs inside as a program for Node, since what it does next depends on what it sees. */
export interface Script<Seen> {
  /** The same as one plain script, which calls `runProbe`. */
  script(): Promise<string>;
  /** What the script is told beside the instance and the time. No secret: Render shows a job's command. */
  readonly task: Readonly<Record<string, unknown>>;
  /** What the script answers. */
  readonly answer: z.ZodType<Seen>;
}

/** What runs inside in any language, since all that is sent is settled before. */
export interface Asking<Seen> {
  dialogue(instance: KeyValue): Dialogue<Seen>;
}

export interface Dialogue<Seen> {
  readonly exchanges: readonly (Exchange | Closing)[];
  /**
   * What the replies show.
   *
   * @param by The interpreter that sent the exchanges.
   * @throws RedisFailure when no connection came about.
   */
  read(exchanged: readonly Exchanged[], by: string): Seen;
}
