// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// mutual.js - the client of HTTP Mutual authentication (RFC 8120) with
// iso-kam3-ec-p256-sha256 (RFC 8121), for pages that sign in by fetch().
//
//   const client = new MutualClient();
//   client.setCredentials("alice", "secret");
//   const answer = await client.fetch("/secret/");
//   client.proof(answer)  // who proved what, or null: nobody anything
//
// It shows the protocol. A script that a page loads protects nobody from
// that page. BigInt arithmetic is not constant time either: whoever can
// measure this machine closely may learn what it calculates with.

export const ALGORITHM = "iso-kam3-ec-p256-sha256";
const ITERATIONS = 16384;
const SIZE = 33; // octets of a group element

// What went wrong; the subclasses say whose turn it is.
export class MutualError extends Error {
  constructor(message, more = {}) {
    super(message);
    this.name = new.target.name;
    Object.assign(this, more);
  }
}
// The user has to say who it is, or did so in vain. Has `realm`, `scope`
// and the server's `reason`.
export class MutualAuthRequired extends MutualError {}
// The server shows no knowledge of the password. Has nothing of its answer.
export class MutualServerNotProven extends MutualError {}
// What the server asks for is not for this place, or not for scripts.
export class MutualRefused extends MutualError {}

// ---- Octets: section 3 of RFC 8121, 12.1 of RFC 8120 ----------------------

export const utf8 = text => new TextEncoder().encode(text);

export function fromHex(text) {
  if (!/^(?:[0-9a-f]{2})+$/i.test(text))
    throw new MutualError("not a hexadecimal number");
  return Uint8Array.from(text.match(/../g), pair => parseInt(pair, 16));
}

export const toHex = octets =>
  Array.from(octets, one => one.toString(16).padStart(2, "0")).join("");

export const INT = octets => BigInt("0x" + toHex(octets));

export const OCTETS = (number, size = SIZE) =>
  fromHex(number.toString(16).padStart(2 * size, "0"));

export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function VI(number) {
  let rest = BigInt(number);
  const octets = [Number(rest & 127n)];
  while (rest >>= 7n)
    octets.unshift(Number(rest & 127n) | 128);
  return Uint8Array.from(octets);
}

export const VS = octets => concat(VI(octets.length), octets);

function equal(a, b) {
  let differs = a.length ^ b.length;
  for (let i = 0; i < a.length; i++)
    differs |= a[i] ^ b[i];
  return differs === 0;
}

// ---- The curve: y^2 = x^3 - 3x + B over Q, G of order R --------------------

export const Q = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
export const R = BigInt("0xffffffff00000000ffffffffffffffff"
  + "bce6faada7179e84f3b9cac2fc632551");
const B = BigInt("0x5ac635d8aa3a93e7b3ebbd55769886bc"
  + "651d06b0cc53b0f63bce3c3e27d2604b");
// A point is [X, Y, Z] for x = X/Z^2, y = Y/Z^3; Z is 0 at infinity.
export const G = [
  BigInt("0x6b17d1f2e12c4247f8bce6e563a440f2"
    + "77037d812deb33a0f4a13945d898c296"),
  BigInt("0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e16"
    + "2bce33576b315ececbb6406837bf51f5"),
  1n,
];
export const INFINITY = [1n, 1n, 0n];

const mod = (a, m = Q) => ((a % m) + m) % m;

function power(base, exponent) {
  let result = 1n;
  for (let b = base; exponent; exponent >>= 1n, b = b * b % Q)
    if (exponent & 1n)
      result = result * b % Q;
  return result;
}

export function inverse(a, m) {
  let [r0, r1, s0, s1] = [m, mod(a, m), 0n, 1n];
  while (r1) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [s0, s1] = [s1, s0 - quotient * s1];
  }
  if (r0 !== 1n)
    throw new MutualError("has no inverse");
  return mod(s0, m);
}

// Doubling for a = -3: "dbl-2001-b" of the Explicit-Formulas Database.
export function double([x, y, z]) {
  const delta = z * z % Q, gamma = y * y % Q, beta = x * gamma % Q;
  const alpha = 3n * (x - delta) * (x + delta) % Q;
  const x3 = mod(alpha * alpha - 8n * beta);
  return [x3, mod(alpha * (4n * beta - x3) - 8n * gamma * gamma),
          mod(2n * y * z)];
}

// "add-2007-bl", without its shortcuts.
export function add(a, b) {
  const [x1, y1, z1] = a, [x2, y2, z2] = b;
  if (!z1)
    return b;
  if (!z2)
    return a;
  const zz1 = z1 * z1 % Q, zz2 = z2 * z2 % Q;
  const u = x1 * zz2 % Q, s = y1 * z2 * zz2 % Q;
  const h = mod(x2 * zz1 - u), r = mod(y2 * z1 * zz1 - s);
  if (!h)
    return r ? INFINITY : double(a);
  const hh = h * h % Q, hhh = h * hh % Q, v = u * hh % Q;
  const x3 = mod(r * r - hhh - 2n * v);
  return [x3, mod(r * (v - x3) - s * hhh), h * z1 * z2 % Q];
}

export function multiply(number, point) {
  let sum = INFINITY;
  for (const bit of mod(number, R).toString(2)) {
    sum = double(sum);
    if (bit === "1")
      sum = add(sum, point);
  }
  return sum;
}

// P(p) = 2x + (y mod 2): RFC 8121, section 3.2. It is not the form of SEC1.
export function P([x, y, z]) {
  if (!z)
    throw new MutualError("infinity has no number");
  const i = inverse(z, Q), ii = i * i % Q;
  return 2n * (x * ii % Q) + (y * ii * i % Q & 1n);
}

// P'(n): the point of a number; throws where there is none.
export function fromP(number) {
  const x = number >> 1n;
  if (x >= Q)
    throw new MutualError("not a point of the curve");
  const square = mod(x * x * x - 3n * x + B);
  const y = power(square, (Q + 1n) / 4n);
  if (y * y % Q !== square)
    throw new MutualError("not a point of the curve");
  return [x, (y ^ number) & 1n ? Q - y : y, 1n];
}

// kc1 and ks1 as they are sent: 66 hexadecimal digits.
export function decodePoint(text) {
  const octets = fromHex(text);
  if (octets.length !== SIZE)
    throw new MutualError("not a group element's length");
  return fromP(INT(octets));
}

// ---- The key exchange ------------------------------------------------------

export const sha256 = async octets =>
  new Uint8Array(await subtle().digest("SHA-256", octets));

function subtle() {
  if (!globalThis.crypto?.subtle)
    throw new MutualRefused("this page is not a secure context: browsers "
      + "give WebCrypto to https and to localhost only");
  return globalThis.crypto.subtle;
}

function refuseControls(text, what) {
  if (text === "" || /[\p{Cc}\p{Cs}]/u.test(text))
    throw new MutualError(`the ${what} is empty or has control characters`);
  return text;
}

// UsernameCasePreserved and OpaqueString (RFC 8265), as far as a browser
// can: without the tables of what is no letter.
export const prepareUser = text => refuseControls(
  text.replace(/[\uff01-\uffef\u3000]/g, one => one.normalize("NFKC"))
    .normalize("NFC"), "user name");

export const preparePassword = text => refuseControls(
  text.replace(/\p{Zs}/gu, " ").normalize("NFC"), "password");

export const salt = (scope, realm, user) => concat(
  ...[ALGORITHM, scope, realm, user].map(text => VS(utf8(text))));

export async function pi(password, scope, realm, user) {
  const key = await subtle().importKey("raw", utf8(password), "PBKDF2", false,
                                       ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", iterations: ITERATIONS,
                salt: salt(scope, realm, user) };
  return INT(new Uint8Array(await subtle().deriveBits(how, key, 256)));
}

// What the server stores.
export const J = pi => P(multiply(pi, G));

export const Kc1 = s_c1 => P(multiply(s_c1, G));

export const t1 = async kc1 =>
  INT(await sha256(concat([1], OCTETS(kc1))));

export const t2 = async (kc1, ks1) =>
  INT(await sha256(concat([2], OCTETS(kc1), OCTETS(ks1))));

export async function z(pi, s_c1, kc1, ks1) {
  const below = s_c1 * await t1(kc1) + pi;
  const e = mod((s_c1 + await t2(kc1, ks1)) * inverse(below, R), R);
  return P(multiply(e, fromP(ks1)));
}

const proofBy = tag => ({ kc1, ks1, z }, nc, vh) => sha256(concat(
  [tag], OCTETS(kc1), OCTETS(ks1), OCTETS(z), VI(nc), VS(utf8(vh))));

export const vkc = proofBy(4);
export const vks = proofBy(3);

// A number in 1 .. R - 1.
export function randomScalar(crypto = globalThis.crypto) {
  for (;;) {
    const number = INT(crypto.getRandomValues(new Uint8Array(32)));
    if (number && number < R)
      return number;
  }
}

// ---- Header fields: section 3 of RFC 8120 ----------------------------------

const TCHAR = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const TOKEN = new RegExp(`${TCHAR}+`, "y");
const NAME = new RegExp(`(${TCHAR}+)[ \\t]*=[ \\t]*`, "y");
const SCHEME = new RegExp(
  `(${TCHAR}+)(?: +(?![ \\t]*=)|(?=[ \\t]*(?:,|$)))`, "y");
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const QUOTED =
  /"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"/y;
const COMMAS = /[ \t]*(?:,[ \t]*)*/y;
const END_OF_ONE = /(?=[ \t]*(?:,|$))/y;

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.take(COMMAS);
  }

  get more() {
    return this.at < this.text.length;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found)
      this.at = pattern.lastIndex;
    return found;
  }

  need(pattern) {
    return this.take(pattern) ?? this.fail();
  }

  fail() {
    throw new MutualError("the server's header field is malformed");
  }

  next() {
    this.need(END_OF_ONE);
    this.take(COMMAS);
  }
}

function takeParameter(reader) {
  const name = reader.need(NAME)[1].toLowerCase();
  const quoted = reader.take(QUOTED);
  if (quoted)
    return { name, value: quoted[1].replace(/\\(.)/gs, "$1"), quoted: true };
  return { name, value: reader.need(TOKEN)[0], quoted: false };
}

// challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ], RFC 9110,
// section 11.3. fetch() joins the lines of a field by commas, so one text
// may have the challenges of several schemes.
export function parseChallenges(text) {
  const reader = new Reader(text), list = [];
  while (reader.more) {
    const scheme = reader.take(SCHEME)?.[1].toLowerCase();
    if (scheme)
      list.push({ scheme, params: [],
                  token68: reader.take(TOKEN68)?.[0] ?? null });
    const last = list.at(-1) ?? reader.fail();
    if (!scheme || !reader.take(END_OF_ONE))
      last.params.push(last.token68 === null ? takeParameter(reader)
                                             : reader.fail());
    reader.next();
  }
  return list;
}

// Authentication-Info: parameters without a scheme, RFC 9110, 11.6.3.
export function parseInfo(text) {
  const reader = new Reader(text), params = [];
  while (reader.more) {
    params.push(takeParameter(reader));
    reader.next();
  }
  return values(params);
}

// The one challenge of Mutual, as a Map; null where there is none.
export function mutualChallenge(text) {
  const ours = parseChallenges(text).filter(one => one.scheme === "mutual");
  if (!ours.length)
    return null;
  if (ours.length > 1 || ours[0].token68 !== null)
    throw new MutualError("the server's challenge is malformed");
  return values(ours[0].params);
}

function values(params) {
  const map = new Map();
  for (const { name, value, quoted } of params) {
    const plain = name.replace(/\*$/, "");
    if (map.has(plain) || name === "realm*" || (plain !== name && quoted))
      throw new MutualError(`the server's ${plain} is malformed`);
    map.set(plain, plain === name ? fromWire(value) : extended(value));
  }
  checkKinds([...map.keys()]);
  return map;
}

// One message says one thing, and a server never what a client says.
function checkKinds(names) {
  const kinds = names.filter(name => /^(?:reason|ks\d+|vks\d*)$/.test(name));
  if (kinds.length > 1 || names.some(name => /^(?:kc\d+|vkc\d*)$/.test(name)))
    throw new MutualError("the server's message is of two kinds");
}

// A field's text has a character for every octet.
function fromWire(text) {
  const octets = Uint8Array.from(text, one => one.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    throw new MutualError("the server's text is not UTF-8");
  }
}

const toWire = text =>
  Array.from(utf8(text), one => String.fromCharCode(one)).join("");

const EXTENDED =
  /^utf-8'[^']*'((?:[A-Za-z0-9!#$&+\-.^_`|~]|%[0-9a-f]{2})*)$/i;

function extended(value) {
  try {
    return decodeURIComponent(EXTENDED.exec(value)[1]);
  } catch {
    throw new MutualError("the server's text is not of RFC 8187's form");
  }
}

const quote = text => `"${toWire(text).replace(/["\\]/g, "\\$&")}"`;

const isAscii = text => /^[\x20-\x7e]*$/.test(text);

export const userParameter = user => isAscii(user)
  ? `user=${quote(user)}`
  : "user*=UTF-8''" + encodeURIComponent(user).replace(/['()*]/g,
    one => "%" + one.charCodeAt(0).toString(16).toUpperCase());

function integer(map, name) {
  const text = map.get(name) ?? "";
  if (!/^(?:0|[1-9][0-9]*)$/.test(text))
    throw new MutualError(`the server's ${name} is no number`);
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}

function checkVersion(map) {
  if (map.get("version") !== "1")
    throw new MutualError("the server speaks another version of Mutual");
}

// ---- Where credentials are good: section 5 of RFC 8120 ---------------------

const PORTS = { "http:": "80", "https:": "443" };

// The origin with its port, always: what `validation=host` hashes.
export const hostOf = url =>
  `${url.protocol}//${url.hostname}:${url.port || PORTS[url.protocol]}`;

// "*.com" and the like are nobody's; a script has no list of all of them.
// An address has no domains.
function wildcardCovers(domain, host) {
  if (!/^[^.].*\.[^.]+$/.test(domain) || /^(?:\[|[\d.]+$)/.test(host))
    return false;
  return host === domain || host.endsWith("." + domain);
}

export function covers(scope, url) {
  if (scope.startsWith("*."))
    return wildcardCovers(scope.slice(2), url.hostname);
  return scope === (scope.includes("://") ? url.origin : url.hostname);
}

// What `path` announces, of this origin. Without it that would be all of it,
// but then a place that asks for nothing could not be told from a server that
// proves nothing: so it is the folder asked for, or the one file of "/".
export function protectedPaths(path, url) {
  const folder = url.pathname.replace(/[^/]*$/, "");
  if (path === undefined)
    return [folder === "/" ? url.pathname : folder];
  return path.split(" ").filter(one => URL.canParse(one, url))
    .map(one => new URL(one, url))
    .filter(one => one.origin === url.origin).map(one => one.pathname);
}

export const isBelow = (path, place) => path === place
  || path.startsWith(place.endsWith("/") ? place : place + "/");

// ---- The client: sections 10 and 6 of RFC 8120 -----------------------------

// A session with one server, and the numbers of its requests.
class Session {
  constructor(challenge, secrets, now) {
    Object.assign(this, secrets);
    this.sid = challenge.get("sid")?.toLowerCase() ?? "";
    fromHex(this.sid);
    this.largest = integer(challenge, "nc-max");
    this.window = Math.max(1, integer(challenge, "nc-window"));
    this.until = now + integer(challenge, "time") * 1000;
    this.next = 0;
    this.open = new Set(); // numbers without an answer yet
    this.waiting = [];
  }

  // One request may be made with any session, however short it is to live.
  usable(now) {
    return this.next <= this.largest
      && (this.next === 0 || now < this.until);
  }

  // The next number; null if there is none any more. Requests overtake each
  // other, and the server takes none that is a window late: so none is given
  // out that far ahead.
  async take(now) {
    while (this.open.size && this.next - Math.min(...this.open) >= this.window)
      await new Promise(resolve => this.waiting.push(resolve));
    if (!this.usable(now))
      return null;
    this.open.add(this.next);
    return this.next++;
  }

  close() {
    this.largest = -1;
  }

  give(nc) {
    this.open.delete(nc);
    this.waiting.splice(0).forEach(resolve => resolve());
  }
}

// Who signs in, and what came of it. It belongs to the first realm that it
// is used for: realms never share a password by themselves.
class Login {
  constructor(user, password) {
    this.user = prepareUser(user);
    this.password = preparePassword(password);
    this.realm = null;
    this.sessions = new Map();  // origin -> Session
    this.exchanges = new Map(); // origin -> promise of a Session
    this.paths = new Map();     // origin -> paths known to be protected
  }

  // The password is not needed any more once there is a pi.
  bind(realm) {
    if (this.realm)
      return;
    this.realm = realm;
    this.pi = pi(this.password, realm.scope, realm.realm, this.user);
    this.pi.catch(() => {}); // whoever awaits it will tell
    this.password = null;
  }

  knows(url) {
    return (this.paths.get(url.origin) ?? [])
      .some(place => isBelow(url.pathname, place));
  }

  drop(origin, session) {
    session.close();
    if (this.sessions.get(origin) === session)
      this.sessions.delete(origin);
  }
}

const sameRealm = (a, b) => a.scope === b.scope && a.realm === b.realm;

function realmOf(challenge, url) {
  return {
    realm: challenge.get("realm"),
    scope: challenge.get("auth-scope") ?? url.origin,
    named: challenge.has("auth-scope"),
    validation: (challenge.get("validation") ?? "").toLowerCase(),
    reason: challenge.get("reason")?.toLowerCase(),
  };
}

function credentials({ realm, scope, named, validation }, ...more) {
  return "Mutual " + ["version=1", `algorithm=${ALGORITHM}`,
    `validation=${validation}`,
    ...(named ? [`auth-scope=${quote(scope)}`] : []),
    `realm=${quote(realm)}`, ...more].join(", ");
}

// Its body is asked for up to four times, so a stream will not do.
function prepareRequest(address, init) {
  const url = new URL(address, globalThis.location?.href);
  if (!PORTS[url.protocol])
    throw new MutualRefused("neither http nor https");
  if (init.body instanceof ReadableStream)
    throw new TypeError("a stream cannot be sent again");
  if (new Headers(init.headers).has("Authorization"))
    throw new TypeError("Authorization is for MutualClient to set");
  return { url, init, exchanged: false };
}

const discard = answer => answer.body?.cancel().catch(() => {});

export class MutualClient {
  #fetch;
  #crypto;
  #realm;
  #allowHostOverTls;
  #now;
  #login = null;
  #proofs = new WeakMap();

  // crypto: where random numbers come from. realm: the only one to sign in
  // to, or any. allowHostOverTls: take `validation=host` over https too. That
  // leaves the certificate out of the proof, against RFC 8120: one who has a
  // certificate for this host that the browser takes can then pass everything
  // on between the two.
  constructor({ fetch = globalThis.fetch, crypto = globalThis.crypto,
                realm = null, allowHostOverTls = false,
                now = () => performance.now() } = {}) {
    this.#fetch = (...all) => fetch(...all);
    this.#crypto = crypto;
    this.#realm = realm;
    this.#allowHostOverTls = allowHostOverTls;
    this.#now = now;
  }

  setCredentials(user, password) {
    this.#login = new Login(user, password);
  }

  signOut() {
    this.#login = null;
  }

  // { user, realm, scope, sid, nc } of an answer from a server that proved
  // itself to this user and the other way round; null for any other.
  proof(answer) {
    return this.#proofs.get(answer) ?? null;
  }

  // As fetch(). The answer is either proven, or that of a place which asked
  // for nothing; see proof().
  async fetch(address, init = {}) {
    const request = prepareRequest(address, init);
    let login = this.#login;
    if (!login?.knows(request.url)) {
      const answer = await this.#send(request);
      const challenge = answer.status === 401 && this.#challenge(answer);
      if (!challenge)
        return answer;
      discard(answer);
      login = this.#login;
      this.#begin(request, login, challenge, answer);
    }
    return this.#signedIn(request, login);
  }

  // ---- messages ----

  // An answer out of a cache proves nothing. Redirects are not followed with
  // credentials: the same ones would be sent twice. And with "omit" the
  // browser asks for no password of its own, whatever schemes are offered.
  #send({ url, init }, authorization) {
    const headers = new Headers(init.headers);
    if (!authorization)
      return this.#fetch(url.href, { credentials: "omit", ...init, headers });
    headers.set("Authorization", authorization);
    return this.#fetch(url.href, { credentials: "omit", ...init, headers,
                                   cache: "no-store", redirect: "manual" });
  }

  #challenge(answer) {
    return mutualChallenge(answer.headers.get("WWW-Authenticate") ?? "");
  }

  // The challenge of a 401 that follows credentials.
  #refusal(answer) {
    discard(answer);
    return this.#challenge(answer)
      ?? this.#fatal("the server does not speak Mutual any more");
  }

  #fatal(message) {
    throw new MutualError(message);
  }

  // ---- is this challenge for us? ----

  #checked(challenge, url) {
    checkVersion(challenge);
    const realm = realmOf(challenge, url);
    if ((challenge.get("algorithm") ?? "").toLowerCase() !== ALGORITHM)
      throw new MutualRefused(`the server does not offer ${ALGORITHM}`);
    if (realm.realm === undefined)
      throw new MutualRefused("the server names no realm");
    if (!covers(realm.scope, url))
      throw new MutualRefused("the server asks for a password of another "
        + `place: ${realm.scope}`, { scope: realm.scope });
    this.#checkValidation(realm.validation, url);
    return realm;
  }

  #checkValidation(validation, url) {
    const tls = url.protocol === "https:";
    if (validation === "host" && (!tls || this.#allowHostOverTls))
      return;
    if (tls)
      throw new MutualRefused("over https the proof needs a hash of the "
        + "server's certificate, which scripts cannot see");
    throw new MutualRefused("over http the server has to offer "
      + "validation=host");
  }

  // What a first 401 asks for; binds the credentials to it.
  #begin({ url }, login, challenge, answer) {
    if (answer.redirected)
      throw new MutualRefused(
        "a redirect came first: ask for its end instead");
    const realm = this.#checked(challenge, url);
    if (realm.reason === undefined || realm.reason === "stale-session")
      this.#fatal("the server answers what was not said");
    const meant = login?.realm ? sameRealm(login.realm, realm)
      : this.#realm === null || this.#realm === realm.realm;
    if (!login || !meant)
      this.#require(realm, "user and password are needed");
    login.bind(realm);
  }

  #require({ realm, scope, reason }, message) {
    throw new MutualAuthRequired(message, { realm, scope, reason });
  }

  // A 401 after credentials. That of another realm says nothing about ours.
  #refused(login, challenge, url) {
    const realm = this.#checked(challenge, url);
    if (!sameRealm(realm, login.realm))
      this.#require(realm, "user and password of another realm are needed");
    if (this.#login === login)
      this.#login = null;
    this.#require(realm, "the server does not know this user and password");
  }

  // ---- key exchange ----

  // The session with this server; parallel requests wait for the same one.
  async #session(request, login) {
    const { origin } = request.url;
    const found = login.sessions.get(origin);
    if (found?.usable(this.#now()))
      return found;
    if (!login.exchanges.has(origin)) {
      request.exchanged = true;
      login.exchanges.set(origin, this.#exchange(request, login)
        .finally(() => login.exchanges.delete(origin)));
    }
    return login.exchanges.get(origin);
  }

  async #exchange({ url, init }, login) {
    const s_c1 = randomScalar(this.#crypto);
    const kc1 = Kc1(s_c1);
    const first = await login.pi;
    const sent = credentials(login.realm, userParameter(login.user),
                             `kc1=${toHex(OCTETS(kc1))}`);
    // Others wait for this answer: it does not end with the first request.
    const answer = await this.#send(
      { url, init: { ...init, signal: undefined } }, sent);
    if (answer.status !== 401)
      this.#notProven(answer, "it answers without a key exchange");
    const challenge = this.#refusal(answer);
    if (!challenge.has("ks1"))
      this.#refused(login, challenge, url);
    this.#checkEcho(login, challenge, url);
    const ks1 = P(decodePoint(challenge.get("ks1")));
    const secrets = { kc1, ks1, z: await z(first, s_c1, kc1, ks1) };
    return this.#opened(login, url, challenge, secrets);
  }

  #checkEcho(login, challenge, url) {
    const realm = this.#checked(challenge, url);
    if (!sameRealm(realm, login.realm)
        || realm.validation !== login.realm.validation)
      this.#fatal("the server changes its realm on the way");
  }

  #opened(login, { origin, href }, challenge, secrets) {
    const session = new Session(challenge, secrets, this.#now());
    const places = protectedPaths(challenge.get("path"), new URL(href));
    const known = login.paths.get(origin) ?? [];
    login.paths.set(origin, [...new Set([...known, ...places])]);
    login.sessions.set(origin, session);
    return session;
  }

  // ---- verification ----

  async #signedIn(request, login) {
    const { url } = request;
    for (let again = false; ;) {
      const session = await this.#session(request, login);
      const nc = await session.take(this.#now());
      if (nc === null)
        continue;
      const answer = await this.#prove(request, login, session, nc)
        .finally(() => session.give(nc));
      if (answer.status !== 401)
        return this.#proven(answer, login, session, nc, url);
      login.drop(url.origin, session);
      const challenge = this.#refusal(answer);
      if (challenge.get("reason")?.toLowerCase() !== "stale-session")
        this.#refused(login, challenge, url);
      if (again || request.exchanged)
        this.#fatal("the server forgets its sessions at once");
      again = true;
    }
  }

  async #prove(request, login, session, nc) {
    const proof = toHex(await vkc(session, nc, hostOf(request.url)));
    return this.#send(request, credentials(
      login.realm, `sid=${session.sid}`, `nc=${nc}`, `vkc=${proof}`));
  }

  // Nothing of the answer is looked at before its vks.
  async #proven(answer, login, session, nc, url) {
    if (answer.type === "opaqueredirect")
      this.#notProven(answer, "scripts cannot see a redirect's proof; ask "
        + "for its end instead");
    const due = await vks(session, nc, hostOf(url));
    if (!showsProof(answer, session.sid, due)) {
      login.drop(url.origin, session);
      this.#notProven(answer, "its vks is missing or wrong");
    }
    const { realm, scope } = login.realm;
    this.#proofs.set(answer, { user: login.user, realm, scope,
                               sid: session.sid, nc });
    return answer;
  }

  #notProven(answer, why) {
    discard(answer);
    throw new MutualServerNotProven(
      `the server did not prove that it knows this password: ${why}`);
  }
}

function showsProof(answer, sid, due) {
  try {
    const info = parseInfo(answer.headers.get("Authentication-Info") ?? "");
    checkVersion(info);
    return equal(fromHex(info.get("sid") ?? ""), fromHex(sid))
      && equal(fromHex(info.get("vks") ?? ""), due);
  } catch {
    return false;
  }
}
