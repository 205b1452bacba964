import type { EnvironmentInput } from "./define.ts";
import { local } from "./local.ts";
import { production } from "./production.ts";
import { staging } from "./staging.ts";

/** Every environment; a new file in this folder is added here. */
export const ENVIRONMENTS: readonly EnvironmentInput[] = [production, staging, local];
