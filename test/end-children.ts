// Vitest ends a process whose test does not end. What that process has started ends with it, as it does when it exits.
process.once("SIGTERM", () => process.exit(143));
