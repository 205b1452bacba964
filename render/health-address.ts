import type { Service } from "./api/endpoints.ts";

/** Stands for the service's own address where that is not known. */
const SOMEWHERE = "https://service.invalid";

/** What a service's health path may be. */
export const HEALTH_PATH = 'must be a path such as "/health", or a whole address such as "https://example.com/health"';

/** Whether it is a path, which leads to the service itself, or a whole address without a login. */
export function isHealthPath(text: string): boolean {
  return resolved(text, SOMEWHERE) !== undefined;
}

function resolved(text: string, own: string): URL | undefined {
  // A browser, and `URL` with it, reads "/\x" as "//x": another host.
  if (/[\s?#\\]/.test(text) || !URL.canParse(text, own)) return undefined;
  const url = new URL(text, own);
  if (/^https?:\/\/[^/]/.test(text)) return url.username + url.password === "" ? url : undefined;
  return text.startsWith("/") && url.origin === new URL(own).origin ? url : undefined;
}

/** Where a service is asked whether it is well; or why it cannot be asked from outside, and what to do. */
export function healthAddress(
  { name, type, serviceDetails: { url, renderSubdomainPolicy } }: Service,
  healthPath: string,
): URL | { readonly reason: string; readonly remedy: string } {
  const whole = resolved(healthPath, SOMEWHERE);
  if (whole !== undefined && !healthPath.startsWith("/")) return whole;
  const what = type.replaceAll("_", " ");
  const own = url ?? "";
  if (own === "") return { reason: `${name} is a ${what}, which has no address`, remedy: "Remove backend.healthPath." };
  if (!/^https?:\/\//.test(own)) {
    const reason = `${name} is a ${what}: ${own} can be asked only inside Render's network`;
    return { reason, remedy: "Remove backend.healthPath, or set it to a whole address that leads to it." };
  }
  if (renderSubdomainPolicy === "disabled") {
    const remedy = 'Set backend.healthPath to a whole address at its own domain, such as "https://example.com/health".';
    return { reason: `the onrender.com address of ${name} is switched off`, remedy };
  }
  return resolved(healthPath, own) ?? { reason: `${healthPath} is not a path of ${own}`, remedy: `It ${HEALTH_PATH}.` };
}
