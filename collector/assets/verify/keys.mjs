// Hashes and Ed25519 signatures by WebCrypto, with the checks on keys that WebCrypto leaves out. Never asks a network.

import { NotChecked, Refused, base64, equal, hex, join, must } from "./bytes.mjs";

const P = 2n ** 255n - 19n; // RFC 8032 §5.1
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = modulo(-121665n * power(121666n, P - 2n));
const ROOT_OF_ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
// y of the eight points of small order: one signature of such a key fits every message.
const SMALL_ORDER = [0n, 1n, P - 1n, ROOT_OF_ORDER_8, P - ROOT_OF_ORDER_8];
const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00); // RFC 8410

function subtle() {
  const found = globalThis.crypto?.subtle;
  if (!found) {
    throw new NotChecked("this page has no WebCrypto: open it by https://, from localhost or as a file in a current browser");
  }
  return found;
}

export async function sha256(...parts) {
  return new Uint8Array(await subtle().digest("SHA-256", join(...parts)));
}

export async function sha256Text(bytes) {
  return hex(await sha256(bytes));
}

/** `H(0x00 || leaf)` and `H(0x01 || left || right)`: RFC 6962 §2.1. */
export function leafHash(leaf) {
  return sha256(Uint8Array.of(0), leaf);
}

export function nodeHash(left, right) {
  return sha256(Uint8Array.of(1), left, right);
}

/** RFC 9162 §2.1.3.2; `index` and `size` are BigInt. Throws unless the path leads from `leaf` to `root`. */
export async function checkInclusion(index, size, leaf, path, root) {
  must(index < size, `entry ${index} is outside a log of ${size} entries`);
  let [low, high, length] = [0n, size, 0];
  while (high - low > 1n) {
    const middle = low + 2n ** BigInt((high - low - 1n).toString(2).length - 1);
    if (index < middle) high = middle;
    else low = middle;
    length += 1;
  }
  must(path.length === length, `the path has ${path.length} hashes where ${length} belong`);
  let [fnode, snode, hash] = [index, size - 1n, await leafHash(leaf)];
  for (const sibling of path) {
    if ((fnode & 1n) === 1n || fnode === snode) {
      hash = await nodeHash(sibling, hash);
      while ((fnode & 1n) === 0n && fnode !== 0n) [fnode, snode] = [fnode >> 1n, snode >> 1n];
    } else {
      hash = await nodeHash(hash, sibling);
    }
    [fnode, snode] = [fnode >> 1n, snode >> 1n];
  }
  must(snode === 0n && equal(hash, root), "the path leads to another root than the checkpoint's");
}

/** Accepts the 32 bytes of a public key only if they are the one encoding of a point that is not of small order. */
export function publicKey(bytes, what) {
  must(bytes.length === 32, `${what} has not 32 bytes`);
  const y = ordinate(bytes);
  must(y < P, `${what} is not written in the one way that a key has: make a new key`);
  must(!SMALL_ORDER.includes(y), `${what} is of small order: one signature would fit every message; make a new key`);
  const [u, v] = [modulo(y * y - 1n), modulo(D * y * y + 1n)];
  must(power(u * v, (P - 1n) / 2n) === 1n, `${what} is not a point of the curve: make a new key`);
  return bytes;
}

/** The key in a PEM SubjectPublicKeyInfo. */
export function pemKey(pem, what) {
  const found = /-----BEGIN PUBLIC KEY-----([\sA-Za-z0-9+/=]*)-----END PUBLIC KEY-----/.exec(pem);
  must(found, `${what} is not a public key in PEM form`);
  const der = base64(found[1].replace(/\s/g, ""), what);
  const head = der.subarray(0, SPKI_PREFIX.length);
  must(equal(head, SPKI_PREFIX), `${what} is not an Ed25519 public key (RFC 8410)`);
  return publicKey(der.subarray(SPKI_PREFIX.length), what);
}

/** The key as PEM SubjectPublicKeyInfo, in the one way that keys are written. */
export function keyPem(key) {
  const body = btoa(String.fromCharCode(...join(SPKI_PREFIX, key)));
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`;
}

/** Hex SHA-256 of the DER SubjectPublicKeyInfo. */
export async function keyId(key) {
  return hex(await sha256(SPKI_PREFIX, key));
}

/** Whether `signature` over `message` is of `key`, which `publicKey` accepted. Strict: no torsion, one spelling of S. */
export async function signed(key, message, signature) {
  if (signature.length !== 64 || number(signature.subarray(32)) >= ORDER) return false;
  const point = ordinate(signature.subarray(0, 32));
  if (point >= P || SMALL_ORDER.includes(point)) return false;
  let imported;
  try {
    imported = await subtle().importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error instanceof NotChecked) throw error;
    if (error?.name === "NotSupportedError" || error?.name === "SyntaxError") {
      throw new NotChecked("this browser has no Ed25519: use a current one, or the verifier program");
    }
    throw new Refused(`the browser refuses the key: ${error}`);
  }
  return subtle().verify({ name: "Ed25519" }, imported, signature, message);
}

/** y of an encoded point, its sign bit aside. */
function ordinate(bytes) {
  return number(bytes) & (2n ** 255n - 1n);
}

function number(littleEndian) {
  return BigInt(`0x${hex(Uint8Array.from(littleEndian).reverse())}`);
}

function modulo(n) {
  const rest = n % P;
  return rest < 0n ? rest + P : rest;
}

function power(base, exponent) {
  let [result, square] = [1n, modulo(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}
