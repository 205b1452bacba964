import { join } from "node:path";

/** What starts every command, as people, pipelines and Terraform do. */
export const PROGRAM = join(import.meta.dirname, "../render-redis.mjs");
