// The implementation of demo:calc/ops. Names are camel-cased; a thrown value is
// the `err` of a result; `null` and `undefined` are the `none` of an option.
// Integers of 64 bits arrive and leave as numbers, exact up to 2^53. A u32 is
// passed as the s32 with the same bits, hence `>>> 0` on arrival and `| 0` on
// return.

const s32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

function add(a, b) {
  return (a + b) | 0;
}

function divide(dividend, divisor) {
  if (!Number.isSafeInteger(dividend) || !Number.isSafeInteger(divisor)) {
    throw "an operand has more than 53 bits";
  }
  if (divisor === 0) {
    throw "division by zero";
  }
  return Math.trunc(dividend / divisor);
}

function mean(xs) {
  if (xs.length === 0) {
    throw { tag: "empty" };
  }
  let sum = 0;
  for (const [i, x] of xs.entries()) {
    if (!Number.isFinite(x)) {
      throw { tag: "not-finite", val: i };
    }
    sum += x;
  }
  return sum / xs.length;
}

function minMax(xs) {
  if (xs.length === 0) {
    return null;
  }
  let [min, max] = [xs[0], xs[0]];
  for (const x of xs) {
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  return [min, max];
}

const roundings = {
  down: Math.floor,
  nearest: Math.round,
  up: Math.ceil,
};

function round(x, mode) {
  const rounded = roundings[mode](x);
  return rounded >= s32.min && rounded <= s32.max ? rounded : null;
}

function isPrime(number) {
  const n = number >>> 0;
  if (n < 2) {
    return false;
  }
  for (let d = 2; d * d <= n; d++) {
    if (n % d === 0) {
      return false;
    }
  }
  return true;
}

function describe(article) {
  const price = article.price * (1 - (article.discount ?? 0));
  return {
    title: `${article.name} (${article.initial}${article.id})`,
    price: round(price, article.rounding) ?? s32.max,
    tags: [...new Set(article.tags)].sort(),
    rights: { ...article.rights, read: true },
    rating: article.rating,
    total: article.stock + article.shelf + article.offset + article.weight + article.balance,
    fragile: article.fragile,
  };
}

function area(shape) {
  switch (shape.tag) {
    case "nothing":
      return 0;
    case "circle":
      return Math.PI * shape.val ** 2;
    case "rectangle":
      return shape.val[0] * shape.val[1];
    case "polygon":
      return polygonArea(shape.val);
  }
}

/** polygonArea is Gauss's area formula. */
function polygonArea(corners) {
  let twice = 0;
  for (const [i, a] of corners.entries()) {
    const b = corners[(i + 1) % corners.length];
    twice += a.x * b.y - b.x * a.y;
  }
  return Math.abs(twice) / 2;
}

function revoke(all, without) {
  return {
    read: all.read && !without.read,
    write: all.write && !without.write,
    share: all.share && !without.share,
  };
}

function nextChar(c) {
  const next = c.codePointAt(0) + 1;
  if (next > 0x10ffff) {
    return null;
  }
  // Surrogates are not characters.
  return String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
}

function split(text, separator) {
  return text.split(separator);
}

function join(parts, separator) {
  return parts.join(separator ?? ",");
}

function transpose(rows) {
  const width = rows[0]?.length ?? 0;
  for (const [i, row] of rows.entries()) {
    if (row.length !== width) {
      throw `row ${i} has ${row.length} numbers, not ${width}`;
    }
  }
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column]));
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) {
    crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return crc;
});

function checksum(data) {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) | 0;
}

/** The deepest nesting of parentheses and signs that evaluate follows. */
const maxDepth = 100;

function evaluate(expression) {
  const characters = [...expression];
  let position = 0;
  let depth = 0;

  const fail = (message) => {
    throw { position, message };
  };
  const skipSpace = () => {
    while (characters[position] === " ") {
      position++;
    }
  };
  const accept = (wanted) => {
    skipSpace();
    if (position < characters.length && wanted.includes(characters[position])) {
      return characters[position++];
    }
    return undefined;
  };

  function sum() {
    let left = product();
    for (let operator; (operator = accept("+-")); ) {
      const right = product();
      left = operator === "+" ? left + right : left - right;
    }
    return left;
  }

  function product() {
    let left = factor();
    for (let operator; (operator = accept("*/")); ) {
      const right = factor();
      left = operator === "*" ? left * right : left / right;
    }
    return left;
  }

  function factor() {
    if (++depth > maxDepth) {
      fail(`at most ${maxDepth} nested signs and parentheses`);
    }
    const value = accept("-") ? -factor() : accept("(") ? parenthesized() : number();
    depth--;
    return value;
  }

  function parenthesized() {
    const value = sum();
    if (!accept(")")) {
      fail("expected )");
    }
    return value;
  }

  function number() {
    skipSpace();
    const start = position;
    while (position < characters.length && "0123456789.".includes(characters[position])) {
      position++;
    }
    const digits = characters.slice(start, position).join("");
    if (!/^\d+(\.\d+)?$/.test(digits)) {
      position = start;
      fail("expected a number");
    }
    return Number(digits);
  }

  const value = sum();
  skipSpace();
  if (position < characters.length) {
    fail("expected an operator");
  }
  return value;
}

function check(x, low, high) {
  if (!(x >= low && x <= high)) {
    throw `${x} is not between ${low} and ${high}`;
  }
}

class Accumulator {
  #total;
  #history = [];

  constructor(start) {
    this.#total = start;
  }

  add(x) {
    this.#total += x;
    this.#history.push(x);
    return this.#total;
  }

  total() {
    return this.#total;
  }

  history() {
    return this.#history;
  }

  static merge(a, b) {
    const merged = new Accumulator(a.#total + b.#total);
    merged.#history = [...a.#history, ...b.#history];
    return merged;
  }
}

function difference(a, b) {
  return a.total() - b.total();
}

export const ops = {
  add,
  divide,
  mean,
  minMax,
  round,
  isPrime,
  describe,
  area,
  revoke,
  nextChar,
  split,
  join,
  transpose,
  checksum,
  evaluate,
  check,
  Accumulator,
  difference,
};
