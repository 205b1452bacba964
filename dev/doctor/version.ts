/** Whether a dotted version is at least a minimum: `7.0.15` is at least `7`. What follows a hyphen does not count. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [parts, minimumParts] = [numbers(version), numbers(minimum)];
  for (const [index, wanted] of minimumParts.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

function numbers(version: string): number[] {
  return (version.split("-")[0] ?? "").split(".").map(Number);
}
