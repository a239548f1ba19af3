/** What our code takes for granted in browsers and Node, and k6 has not. Imported first. */
import encoding from 'k6/encoding';

globalThis.atob ??= (text) => {
  const bytes = new Uint8Array(encoding.b64decode(text, 'std'));
  let binary = '';
  for (let at = 0; at < bytes.length; at += 4096) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return binary;
};
