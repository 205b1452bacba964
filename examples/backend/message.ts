import { randomUUID } from "node:crypto";
import { z } from "zod";

/** The queues by what they carry, with the names that operators see. */
export const CHANNELS = { sms: "SMS", mms: "MMS", mail: "Mail", analytics: "Analytics" } as const;

export type Channel = keyof typeof CHANNELS;

export const channels = Object.keys(CHANNELS).filter((name): name is Channel => name in CHANNELS);

export const messageSchema = z.strictObject({
  /** The caller's name for the message. Sent twice with one id, it is delivered once. It also names a job and a file. */
  id: z
    .string()
    .regex(/^[A-Za-z][\w-]{0,63}$/, "must be a letter, then letters, digits, _ and -")
    .default(() => `m-${randomUUID()}`),
  channel: z.enum(channels),
  to: z.string().min(1),
  text: z.string().min(1),
});

export type Message = z.output<typeof messageSchema>;
