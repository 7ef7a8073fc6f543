export function greet(names) {
  if (names.length === 0) throw "nobody";
  return `hello ${names.join(" and ")}`;
}
