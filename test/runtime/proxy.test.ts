import { expect, test } from "vitest";
import { proxyFor } from "../../runtime/proxy.ts";

const RENDER = { host: "api.render.com", port: 443 };
const REDIS = { host: "oregon-keyvalue.render.com", port: 6379 };

test.each([
  ["https", { HTTPS_PROXY: "http://p:3128" }, "HTTPS_PROXY", "http://p:3128/"],
  ["https", { https_proxy: "http://p:3128" }, "https_proxy", "http://p:3128/"],
  ["https", { HTTPS_PROXY: "", https_proxy: "https://p" }, "https_proxy", "https://p/"],
  ["https", { HTTPS_PROXY: "p:3128" }, "HTTPS_PROXY", "http://p:3128/"],
  ["https", { HTTPS_PROXY: "http://u:w%40@p", https_proxy: "http://q" }, "HTTPS_PROXY", "http://u:w%40@p/"],
  ["http", { HTTP_PROXY: "http://p", HTTPS_PROXY: "http://q" }, "HTTP_PROXY", "http://p/"],
] as const)("over %s, %o names a proxy", (scheme, env, variable, url) => {
  const proxy = proxyFor(scheme, RENDER, env);
  expect([proxy?.variable, proxy?.url.href]).toEqual([variable, url]);
});

test.each([{}, { HTTPS_PROXY: "" }, { HTTP_PROXY: "http://p" }, { ALL_PROXY: "http://p" }])("%o names none", (env) => {
  expect(proxyFor("https", RENDER, env)).toBeUndefined();
});

test.each([
  ["render.com", RENDER, true],
  ["render.com", { host: "render.com", port: 443 }, true],
  ["render.com", { host: "notrender.com", port: 443 }, false],
  [".render.com", RENDER, true],
  [".render.com", { host: "render.com", port: 443 }, false],
  ["*.render.com", RENDER, true],
  ["*.render.com", { host: "render.com", port: 443 }, false],
  ["API.Render.com", { host: "api.render.COM.", port: 443 }, true],
  ["other.com, render.com:443 ", RENDER, true],
  ["render.com:443", REDIS, false],
  ["render.com:6379", REDIS, true],
  ["*", REDIS, true],
  ["", REDIS, false],
  [":443, ,", RENDER, false],
  ["10.0.0.0/8", { host: "10.1.2.3", port: 443 }, true],
  ["10.0.0.0/8", { host: "11.1.2.3", port: 443 }, false],
  ["10.0.0.0/99, 10.0.0.0/x", { host: "10.1.2.3", port: 443 }, false],
  ["10.1.2.3", { host: "10.1.2.3", port: 443 }, true],
  ["10.1.2.3:80", { host: "10.1.2.3", port: 443 }, false],
  ["0.1.2.3", { host: "10.1.2.3", port: 443 }, false],
  ["2001:db8::1", { host: "[2001:DB8:0::1]", port: 443 }, true],
  ["[2001:db8::1]:443", { host: "2001:db8::1", port: 443 }, true],
  ["2001:db8::/32", { host: "2001:db8::1", port: 443 }, true],
])("NO_PROXY=%s and %o: %s", (list, place, isExempt) => {
  for (const name of ["NO_PROXY", "no_proxy"]) {
    expect(proxyFor("https", place, { HTTPS_PROXY: "http://p", [name]: list }) === undefined).toBe(isExempt);
  }
});

test.each(["localhost", "127.0.0.1", "127.8.9.1", "[::1]"])("this machine, %s, needs none", (host) => {
  expect(proxyFor("https", { host, port: 443 }, { HTTPS_PROXY: "http://p" })).toBeUndefined();
});

test.each(["socks5://user:secret@p:1080", "http://user:secret@", "http://p:port:secret", "secret:x"])(
  "a value that names no proxy (%s) is refused with the variable's name and no value",
  (value) => {
    const read = () => proxyFor("https", RENDER, { HTTPS_PROXY: value });
    expect(read).toThrow("`HTTPS_PROXY` must be the address of a proxy");
    expect(read).not.toThrow("secret");
  },
);
