// Puts a Node process inside the emulator's private network: a connection to `red-…:6379` goes to that instance's
// socket. Loaded with `--import` before the program; plain JavaScript, because the program may be anything.
import { existsSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";

const reachable = process.env.RENDER_PRIVATE_NETWORK;
const PORT = 6379;
const INSTANCE = /^red-[0-9a-v]{20}$/;

/** The target of a call to `connect`, in any of the forms that Node allows, and the callback. */
function target(args) {
  // Inside Node the arguments arrive already normalised, as one array.
  const [first, ...rest] = Array.isArray(args[0]) ? args[0] : args;
  const callback = rest.findLast((argument) => typeof argument === "function");
  if (typeof first === "object" && first !== null) return { options: first, callback };
  return { options: { port: first, host: typeof rest[0] === "string" ? rest[0] : undefined }, callback };
}

/** The error that a plain network would give, so that no program learns that there is a socket behind the name. */
function networkError(code, host) {
  const syscall = code === "ENOTFOUND" ? "getaddrinfo" : "connect";
  const where = code === "ENOTFOUND" ? host : `${host}:${PORT}`;
  return Object.assign(new Error(`${syscall} ${code} ${where}`), {
    code,
    syscall,
    ...(code === "ENOTFOUND" ? { hostname: host } : { address: host, port: PORT }),
  });
}

const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...args) {
  const { options, callback } = target(args);
  const host = typeof options.host === "string" ? options.host.toLowerCase() : "";
  if (!reachable || !INSTANCE.test(host) || Number(options.port) !== PORT) return connect.apply(this, args);
  const name = join(reachable, host);
  const known = existsSync(name);
  const destroy = this.destroy;
  // The name may be known while nobody listens: then the socket is missing, or left over from a server that was killed.
  this.destroy = function (error, ...more) {
    const refused = error?.syscall === "connect" && (error.code === "ENOENT" || error.code === "ECONNREFUSED");
    return destroy.call(this, refused ? networkError(known ? "ECONNREFUSED" : "ENOTFOUND", host) : error, ...more);
  };
  const { host: _host, port: _port, ...others } = options;
  return connect.call(this, { ...others, path: join(name, "s") }, ...(callback ? [callback] : []));
};
