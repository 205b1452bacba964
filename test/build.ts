import { buildAll } from "../build.ts";

/** What tests start is of the sources as they are, and no test waits for it. */
export default buildAll;
