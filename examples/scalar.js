// A scalar engine in JavaScript behind the line protocol (docs/protocol.md):
//
//     parity run "exec:node examples/scalar.js"
//
// Values are numbers, the tape is a list of nodes in the order in which they were made.
"use strict";

const readline = require("node:readline");

// Each operator: its value, and its derivatives by each operand.
const OPERATORS = {
  add: [(x, y) => x + y, () => [1, 1]],
  sub: [(x, y) => x - y, () => [1, -1]],
  mul: [(x, y) => x * y, (x, y) => [y, x]],
  div: [(x, y) => x / y, (x, y) => [1 / y, -x / y / y]],
  neg: [(x) => -x, () => [-1]],
  exp: [Math.exp, (x) => [Math.exp(x)]],
  log: [Math.log, (x) => [1 / x]],
  sin: [Math.sin, (x) => [Math.cos(x)]],
  cos: [Math.cos, (x) => [-Math.sin(x)]],
  tanh: [Math.tanh, (x) => [1 / Math.cosh(x) ** 2]],
  relu: [(x) => Math.max(x, 0), (x) => [x > 0 ? 1 : 0]],
};
const FORMS = { 1: { t: "method" }, 2: { tt: "method", tn: "method", nt: "method" } };

const fromArray = (array) => Buffer.from(array.base64, "base64").readDoubleLE(0);

function toArray(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(number);
  return { dtype: "float64", shape: [], base64: bytes.toString("base64") };
}

// Numbers among a step's arguments are whole, or hexadecimal floats such as -0x1.8p+1.
function toNumber(argument) {
  if (typeof argument === "number") return argument;
  const parts = /^(-?)(?:0x([01])\.?([0-9a-f]*)p([+-]\d+)|(inf)|nan)$/.exec(argument.float);
  const [, sign, whole, fraction, exponent, infinite] = parts;
  const size = whole === undefined ? (infinite ? Infinity : NaN)
    : (Number(`0x${whole}${fraction}`) / 16 ** fraction.length) * 2 ** Number(exponent);
  return sign ? -size : size;
}

function run(program) {
  const values = program.inputs.map(fromArray);
  const operands = values.map(() => []);
  for (const [number, step] of program.steps.entries()) {
    if (!(step.op in OPERATORS)) {
      return { values: values.map(toArray), gradients: [], error: ["Unsupported", step.op, `step ${number}`] };
    }
    const places = step.args.map((argument) => (argument.ref ? argument.ref[0] : null));
    const given = step.args.map((argument, i) => (places[i] === null ? toNumber(argument) : values[places[i]]));
    values.push(OPERATORS[step.op][0](...given));
    operands.push([step.op, places, given]);
  }
  const gradients = values.map(() => null);
  const push = (place, amount) => { gradients[place] = (gradients[place] ?? 0) + amount; };
  program.cotangents.forEach((cotangent, i) => push(program.outputs[i].ref[0], fromArray(cotangent)));
  for (let node = values.length - 1; node >= program.inputs.length; node--) {
    if (gradients[node] === null) continue;
    const [op, places, given] = operands[node];
    const partial = OPERATORS[op][1](...given);
    places.forEach((place, i) => place !== null && push(place, gradients[node] * partial[i]));
  }
  const wanted = program.inputs.flatMap((input, i) => (input.requires_grad ? [gradients[i]] : []));
  return { values: values.map(toArray), gradients: wanted.map((g) => (g === null ? null : toArray(g))), error: null };
}

function answer(request) {
  if (request.do === "load") {
    const calls = Object.entries(OPERATORS).map(([op, [value]]) => [op, FORMS[value.length || 1]]);
    const engine = { name: "scalar.js", version: process.version, dtypes: ["float64"], order: 1, scalar: true };
    return { engine, calls: Object.fromEntries(calls) };
  }
  if (request.do === "run") return { run: run(request.program) };
  return { error: ["EngineError", `no such request: ${request.do}`] };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
});
