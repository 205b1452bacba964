import type { Agent, IncomingMessage } from "node:http";
import { request as requestPlainly } from "node:http";
import { request as requestOverTls } from "node:https";
import { BlockList, isIP, type Socket } from "node:net";
import { Stop } from "./errors.ts";

/** Where something is to be reached. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** A proxy that the environment names for a place. */
export interface HttpProxy {
  /** May hold a password. */
  readonly url: URL;
  /** What names it: `HTTPS_PROXY`, or in small letters. */
  readonly variable: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** There is no way through the proxy. Its message names the variable, never its value, which may hold a password. */
export class ProxyFailure extends Error {
  /** Whether the proxy answered, and trying again will not help. */
  readonly refused: boolean;

  constructor({ variable }: HttpProxy, cause: { readonly status: number } | { readonly error: unknown }) {
    const refused = "status" in cause && cause.status < 500;
    const said =
      "status" in cause
        ? `answers ${cause.status}${cause.status === 407 ? " (it asks for a user name and a password)" : ""}`
        : `gives no connection${codeOf(cause.error)}`;
    super(`the proxy in ${variable} ${said}`);
    this.name = "ProxyFailure";
    this.refused = refused;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? ` (${error.code})` : "";
}

/**
 * The proxy for a place, by the rules of Go, and so of Terraform: `HTTPS_PROXY` or `HTTP_PROXY` by the scheme, capitals first;
 * not for this machine, and not for what `NO_PROXY` lists.
 *
 * @throws Stop for a variable that names no proxy.
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export function proxyFor(scheme: "http" | "https", place: Place, env: Env = process.env): HttpProxy | undefined {
  const variable = [`${scheme.toUpperCase()}_PROXY`, `${scheme}_proxy`].find((name) => env[name]);
  if (variable === undefined || isExempt(place, env.NO_PROXY || env.no_proxy || "")) return undefined;
  const value = env[variable] ?? "";
  const address = /^[a-z0-9]+:\/\//i.test(value) ? value : `http://${value}`;
  if (/^https?:/i.test(address) && URL.canParse(address)) return { url: new URL(address), variable };
  throw new Stop("misused", `\`${variable}\` must be the address of a proxy: http://… or https://….`, {
    remedy: "Other kinds, such as socks5, are not supported.",
  });
}

/** The proxy for an address of HTTP. @throws Stop for a variable that names no proxy. */
export function proxyForUrl(url: string, env: Env = process.env): HttpProxy | undefined {
  const { hostname: host, port, protocol } = new URL(url);
  const [scheme, usual] = protocol === "https:" ? (["https", 443] as const) : (["http", 80] as const);
  return proxyFor(scheme, { host, port: Number(port || usual) }, env);
}

function isExempt({ host, port }: Place, list: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$|\.$/g, "$1");
  if (name === "localhost" || isIn("127.0.0.0/8", name) || isIn("::1/128", name)) return true;
  const entries = list.toLowerCase().split(",");
  return entries.some((text) => {
    const entry = text.trim();
    if (entry === "*" || isIn(entry, name)) return true;
    // An IPv6 address without brackets has no port.
    const [, inner, rest = "", only] = /^(?:\[(.*)\]|(.*?))(?::(\d+))?$/.exec(isIP(entry) ? `[${entry}]` : entry) ?? [];
    const pattern = (inner ?? rest).replace(/^\*/, "");
    if (pattern === "" || (only !== undefined && Number(only) !== port)) return false;
    if (isIP(pattern) !== 0) return isIn(`${pattern}/${isIP(pattern) === 6 ? 128 : 32}`, name);
    return name === pattern || name.endsWith(pattern.startsWith(".") ? pattern : `.${pattern}`);
  });
}

/** Whether a host is an address, and lies in a block. */
function isIn(block: string, host: string): boolean {
  const [network = "", bits = ""] = block.split("/");
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  if (isIP(host) === 0 || isIP(network) === 0 || !/^\d+$/.test(bits) || Number(bits) > (family === "ipv6" ? 128 : 32))
    return false;
  const blocks = new BlockList();
  blocks.addSubnet(network, Number(bits), family);
  return blocks.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
}

/** Sends the requests of Node's client through a proxy. The libraries for it are loaded only here. */
export async function agentFor(isSecure: boolean, { url }: HttpProxy): Promise<Agent> {
  // They print the address that they are given where DEBUG is set.
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  const options = { headers: loginTo(url) };
  if (!isSecure) return new (await import("http-proxy-agent")).HttpProxyAgent(bare, options);
  return new (await import("https-proxy-agent")).HttpsProxyAgent(bare, options);
}

function loginTo({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` };
}

/** A connection to a place by way of a proxy, which passes on every byte. @throws ProxyFailure */
export function connectThrough(proxy: HttpProxy, { host, port }: Place, signal: AbortSignal): Promise<Socket> {
  const { url } = proxy;
  const path = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const headers = { host: path, ...loginTo(url) };
  const send = url.protocol === "https:" ? requestOverTls : requestPlainly;
  return new Promise((resolve, reject) => {
    const proxyHost = url.hostname.replace(/^\[|\]$/g, "");
    const request = send({ host: proxyHost, port: url.port, method: "CONNECT", path, headers, signal, agent: false });
    request.on("error", (error) => reject(new ProxyFailure(proxy, { error })));
    request.on("response", ({ statusCode: status = 0 }) => {
      request.destroy();
      reject(new ProxyFailure(proxy, { status }));
    });
    request.on("connect", ({ statusCode: status = 0 }: IncomingMessage, socket: Socket, head: Buffer) => {
      if (status >= 200 && status < 300) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new ProxyFailure(proxy, { status }));
    });
    request.end();
  });
}
