import pc from "picocolors";

/**
 * Colours for a terminal. picocolors also colours in CI logs and when FORCE_COLOR is set; a pipe, as Terraform's log is one,
 * gets plain text.
 */
export const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);
