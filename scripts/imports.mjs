// Gives the imports of a WebAssembly module short names, in the module and in the script that wasm-bindgen made for it.
//
// wasm-bindgen names each import by what it does and a hash of 16 digits. Nobody reads them, no compression shortens a
// hash, and they stand in both files: three kilobytes that every viewer would load.

const HEADER = 8;
const IMPORTS = 2;
/** The only kind of import that wasm-bindgen makes. */
const FUNCTION = 0;

/**
 * @param {Uint8Array} wasm A module all of whose imports are functions, as wasm-bindgen makes it.
 * @param {string} script Its script, in which each import is one property of an object.
 * @returns {{ wasm: Buffer, script: string }} Both with short names.
 */
export function shortenImports(wasm, script) {
  const parts = [Buffer.from(wasm.subarray(0, HEADER))];
  let short = script;
  for (let at = HEADER; at < wasm.length; ) {
    const size = number(wasm, at + 1);
    const end = size.next + size.value;
    if (wasm[at] === IMPORTS) {
      const { section, names } = rename(wasm.subarray(size.next, end));
      short = names.reduce(replace, short);
      parts.push(Buffer.from([IMPORTS]), leb(section.length), section);
    } else {
      parts.push(Buffer.from(wasm.subarray(at, end)));
    }
    at = end;
  }
  return { wasm: Buffer.concat(parts), script: short };
}

/** An import section with other names, and the old ones with the new. */
function rename(section) {
  const count = number(section, 0);
  const parts = [leb(count.value)];
  const names = [];
  let at = count.next;
  for (let nth = 0; nth < count.value; nth++) {
    const module = text(section, at);
    const field = text(section, module.next);
    if (section[field.next] !== FUNCTION) throw new Error(`the import ${field.value} is no function`);
    const end = number(section, field.next + 1).next;
    const name = `_${nth.toString(36)}`;
    names.push([field.value, name]);
    parts.push(section.subarray(at, module.next), leb(name.length), Buffer.from(name), section.subarray(field.next, end));
    at = end;
  }
  return { section: Buffer.concat(parts), names };
}

/** The script with one property renamed. */
function replace(script, [from, to]) {
  const halves = script.split(new RegExp(`(?<=^\\s+)${from}(?=: )`, 'm'));
  if (halves.length !== 2) throw new Error(`the script has ${halves.length - 1} imports ${from}`);
  return halves.join(to);
}

function text(bytes, at) {
  const length = number(bytes, at);
  const next = length.next + length.value;
  return { value: Buffer.from(bytes.subarray(length.next, next)).toString('utf8'), next };
}

/** An unsigned LEB128 number. */
function number(bytes, at) {
  let value = 0;
  let next = at;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[next++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next };
  }
}

function leb(value) {
  const bytes = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}
