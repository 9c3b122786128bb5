// Sends the HTTP and HTTPS requests of a Node program through the proxy that
// HTTP_PROXY and HTTPS_PROXY name, for versions of Node that do not do it by
// themselves. Loaded by `node --require`; must stay silent and change nothing else.
'use strict';

(() => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const heedsVariables = major >= 24 || (major === 22 && minor >= 21);
  if (heedsVariables && process.env.NODE_USE_ENV_PROXY) return;

  const read = (name) => process.env[name.toLowerCase()] || process.env[name];
  const parse = (text) => {
    try {
      return text ? new URL(text) : null;
    } catch {
      return null;
    }
  };
  const proxies = {
    'http:': parse(read('HTTP_PROXY') || read('ALL_PROXY')),
    'https:': parse(read('HTTPS_PROXY') || read('ALL_PROXY')),
  };
  if (!proxies['http:'] && !proxies['https:']) return;

  const http = require('http');
  const https = require('https');
  const net = require('net');
  const tls = require('tls');
  // The originals: a program may replace them, and so do we.
  const connect = net.connect;
  const request = http.request;

  // NO_PROXY: names with all below them, addresses, either with a port, or *.
  const exempt = (read('NO_PROXY') || '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((entry) => {
      const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase());
      return { host: host.replace(/^\*?\./, ''), port: port && Number(port) };
    });
  const isExempt = (host, port) =>
    exempt.some(
      (entry) =>
        (!entry.port || entry.port === port) &&
        (entry.host === '*' || entry.host === host || host.endsWith('.' + entry.host))
    );
  const bare = (host) => String(host || 'localhost').toLowerCase().replace(/^\[(.*)\]$/, '$1');
  // A library that heeds the variables by itself talks to the proxy: leave it alone.
  const isProxy = (host, port) =>
    Object.values(proxies).some(
      (proxy) => proxy && bare(proxy.hostname) === host && (Number(proxy.port) || 80) === port
    );
  const proxyFor = (protocol, host, port) =>
    isExempt(bare(host), port) || isProxy(bare(host), port) ? null : proxies[protocol];

  // Opens a tunnel by CONNECT and gives its socket.
  const tunnel = (proxy, host, port, done) => {
    const name = bare(host);
    const target = (net.isIPv6(name) ? `[${name}]` : name) + ':' + port;
    const headers = { host: target };
    if (proxy.username) {
      const secret = decodeURIComponent(proxy.username) + ':' + decodeURIComponent(proxy.password);
      headers['proxy-authorization'] = 'Basic ' + Buffer.from(secret).toString('base64');
    }
    const asked = request({
      method: 'CONNECT',
      path: target,
      headers,
      createConnection: () =>
        connect({ host: bare(proxy.hostname), port: Number(proxy.port) || 80 }),
    });
    asked.once('connect', (response, socket, head) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        done(new Error(`the proxy refused CONNECT ${target}: ${response.statusCode}`));
        return;
      }
      if (head.length) socket.unshift(head);
      done(null, socket);
    });
    asked.once('response', (response) => {
      response.resume();
      done(new Error(`the proxy refused CONNECT ${target}: ${response.statusCode}`));
    });
    asked.once('error', done);
    asked.end();
  };

  // Every agent makes its connections by this method: the global ones, and those that
  // programs make for themselves.
  const patch = (Agent, protocol, defaultPort) => {
    const before = Agent.prototype.createConnection;
    Agent.prototype.createConnection = function createConnection(options, done) {
      const plain = typeof options !== 'object' || options.socketPath || options.socket;
      const port = plain ? 0 : Number(options.port) || defaultPort;
      const proxy = plain ? null : proxyFor(protocol, options.host, port);
      if (!proxy || typeof done !== 'function') return before.apply(this, arguments);
      tunnel(proxy, options.host, port, (error, socket) => {
        if (error) return done(error);
        if (protocol === 'http:') return done(null, socket);
        // In a tunnel there is no address to take the name from.
        const name = bare(options.host);
        const servername = options.servername || (net.isIP(name) ? '' : name);
        done(null, before.call(this, { ...options, servername, socket }));
      });
      return undefined;
    };
  };
  patch(http.Agent, 'http:', 80);
  patch(https.Agent, 'https:', 443);

  // fetch() has a dispatcher of its own, reached by a symbol once it is loaded. Its
  // class is not exported; the default dispatcher is one of it.
  const symbol = Symbol.for('undici.globalDispatcher.1');
  const openForFetch = ({ hostname, protocol, port, servername }, done) => {
    const secure = protocol === 'https:';
    const number = Number(port) || (secure ? 443 : 80);
    const proxy = proxyFor(protocol, hostname, number);
    const host = bare(hostname);
    const upgrade = (error, socket) => {
      if (error || !secure) return done(error, error ? null : socket);
      const name = servername || (net.isIP(host) ? '' : host);
      const secured = tls.connect({ host, socket, servername: name, ALPNProtocols: ['http/1.1'] });
      secured.once('secureConnect', () => done(null, secured)).once('error', done);
      return undefined;
    };
    if (proxy) return tunnel(proxy, hostname, number, upgrade);
    const socket = connect({ host, port: number });
    socket.once('connect', () => upgrade(null, socket)).once('error', done);
    return undefined;
  };
  const install = () => {
    void globalThis.Headers; // loads what is behind fetch()
    const before = globalThis[symbol];
    if (before && before.constructor && before.constructor.name === 'Agent')
      globalThis[symbol] = new before.constructor({ connect: openForFetch });
  };
  const fetchBefore = globalThis.fetch;
  if (typeof fetchBefore !== 'function') return;
  let installed = false;
  const fetchThrough = {
    fetch(input, init = undefined) {
      if (!installed) install();
      installed = true;
      return fetchBefore.call(globalThis, input, init);
    },
  }.fetch;
  Object.defineProperty(globalThis, 'fetch', {
    value: fetchThrough,
    writable: true,
    enumerable: true,
    configurable: true,
  });
})();
