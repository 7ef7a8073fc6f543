"""Lifts and lowers as the specification's definitions.py does.

The path of definitions.py is the first argument. A question is a JSON object:

  types    the types, as nested lists: ["record", T...], ["u8"], ["list", T] ...
  max      the number of core values up to which values are passed flat
  from, to string encodings of the two sides
  memory   the memory from which values are lifted, in hexadecimal
  flat     the core values from which they are lifted: bits, as integers
  handles  the handles of the side that values are lifted from: [resource, rep, own]
  size     the size of the memory into which values are lowered
  odd      the number of the call of realloc that returns nonsense, or 0

The answer has the layout of the types, and either "trap", or the values and what
they are lowered to: once as they were lifted, and once with all strings taken
for UTF-8.
"""

import importlib.util
import json
import struct
import sys

spec = importlib.util.spec_from_file_location("definitions", sys.argv[1])
D = importlib.util.module_from_spec(spec)
sys.modules["definitions"] = D
spec.loader.exec_module(D)

# Lowering may make any NaN of a NaN. Here it makes these, by which the other side
# knows where any will do.
NAN32 = 0x7FD5A5A5
NAN64 = 0x7FFD5A5A5A5A5A5A
FILL = 0xA5
NONSENSE = 0xFFFFFFF1

D.maybe_scramble_nan32 = lambda f: D.core_f32_reinterpret_i32(NAN32) if f != f else f
D.maybe_scramble_nan64 = lambda f: D.core_f64_reinterpret_i64(NAN64) if f != f else f

PRIMITIVES = {
    "bool": D.BoolType, "s8": D.S8Type, "u8": D.U8Type, "s16": D.S16Type, "u16": D.U16Type, "s32": D.S32Type, "u32": D.U32Type,
    "s64": D.S64Type, "u64": D.U64Type, "f32": D.F32Type, "f64": D.F64Type, "char": D.CharType, "string": D.StringType,
}


def labels(n):
    return [f"l{i}" for i in range(n)]


def make_type(t, resources):
    """Makes a type of the definitions of one of a question."""
    def each(ts):
        return [None if x is None else make_type(x, resources) for x in ts]

    kind, args = t[0], t[1:]
    match kind:
        case "list": return D.ListType(make_type(args[0], resources))
        case "fixed": return D.ListType(make_type(args[1], resources), args[0])
        case "record": return D.RecordType([D.FieldType(f"l{i}", x) for i, x in enumerate(each(args))])
        case "tuple": return D.TupleType(each(args))
        case "variant": return D.VariantType([D.CaseType(f"l{i}", x) for i, x in enumerate(each(args))])
        case "enum": return D.EnumType(labels(args[0]))
        case "flags": return D.FlagsType(labels(args[0]))
        case "option": return D.OptionType(make_type(args[0], resources))
        case "result": return D.ResultType(*each(args))
        case "map": return D.MapType(*each(args))
        case "own": return D.OwnType(resources[args[0]])
        case "borrow": return D.BorrowType(resources[args[0]])
    return PRIMITIVES[kind]()


def plain(v, t):
    """Returns a value as JSON has it."""
    t = D.despecialize(t)
    match t:
        case D.F32Type():
            return "nan" if v != v else D.core_i32_reinterpret_f32(v)
        case D.F64Type():
            return "nan" if v != v else D.core_i64_reinterpret_f64(v)
        case D.CharType():
            return ord(v)
        case D.StringType():
            return v[0].encode().hex()
        case D.ListType(e, _):
            return [plain(x, e) for x in v]
        case D.RecordType(fields):
            return [plain(v[f.label], f.t) for f in fields]
        case D.VariantType(cases):
            i, x = D.match_case(v, cases)
            return [i, None if cases[i].t is None else plain(x, cases[i].t)]
        case D.FlagsType(ls):
            return D.pack_flags_into_int(v, ls)
    return v


def as_utf8(v, t):
    """Returns a value whose strings are those of a host that has UTF-8."""
    t = D.despecialize(t)
    match t:
        case D.StringType():
            return (v[0], "utf8", len(v[0].encode()))
        case D.ListType(e, _):
            return [as_utf8(x, e) for x in v]
        case D.RecordType(fields):
            return {f.label: as_utf8(v[f.label], f.t) for f in fields}
        case D.VariantType(cases):
            i, x = D.match_case(v, cases)
            return {cases[i].label: None if cases[i].t is None else as_utf8(x, cases[i].t)}
    return v


class Context(D.LiftLowerContext):
    """A context whose realloc takes the next free bytes of the memory."""

    def __init__(self, opts, inst, scope, odd=0):
        super().__init__(opts, inst, scope)
        self.top, self.calls, self.odd = 0, [], odd

    def reallocate(self, old, old_size, align, new_size):
        self.calls.append([old, old_size, align, new_size])
        if len(self.calls) == self.odd:
            return NONSENSE
        in_place = old_size > 0 and old + old_size == self.top and old % align == 0
        at = old if in_place else D.align_to(self.top, align)
        D.trap_if(at + new_size > len(self.opts.memory))
        self.top = at + new_size
        if not in_place:
            n = min(old_size, new_size)
            self.opts.memory[at : at + n] = self.opts.memory[old : old + n]
        return at


def instance():
    inst = D.ComponentInstance.__new__(D.ComponentInstance)
    inst.handles = D.Table()
    inst.may_leave = True
    return inst


def bits(v, t):
    match t:
        case "f32": return D.core_i32_reinterpret_f32(v)
        case "f64": return D.core_i64_reinterpret_f64(v)
    return v


def lower(q, ts, vs, core):
    inst = instance()
    task = D.Task.__new__(D.Task)
    task.num_borrows = 0
    memory = D.MemInst(bytearray([FILL]) * q["size"], "i32")
    cx = Context(D.LiftLowerOptions(q["to"], memory, None), inst, task, q["odd"])
    try:
        flat = D.lower_flat_values(cx, q["max"], vs, ts)
    except D.Trap:
        return {"trap": True, "calls": cx.calls}
    if len(core) > q["max"]:
        core = ["i32"]
    return {
        "flat": [bits(v, t) for v, t in zip(flat, core)],
        "memory": memory.bytes.hex(),
        "calls": cx.calls,
        "handles": [[h.rep, h.own] if h else None for h in inst.handles.array[1:]],
    }


def answer(q):
    src = instance()
    scope = D.Subtask()
    resources = [D.ResourceType(None), D.ResourceType(None)]
    for r, rep, own in q["handles"]:
        src.handles.add(D.ResourceHandle(resources[r], rep, own))
    ts = [make_type(t, resources) for t in q["types"]]
    memory = D.MemInst(bytearray.fromhex(q["memory"]), "i32")
    cx = Context(D.LiftLowerOptions(q["from"], memory, None), src, scope)
    core = D.flatten_types(ts, cx.opts)
    whole = D.TupleType(ts)
    out = {"core": core, "size": D.elem_size(whole, "i32"), "align": D.alignment(whole, "i32")}
    flat = q["flat"]
    if len(core) <= q["max"]:
        convert = {"f32": D.core_f32_reinterpret_i32, "f64": D.core_f64_reinterpret_i64}
        flat = [convert.get(t, int)(v) for v, t in zip(flat, core)]
    try:
        vs = D.lift_flat_values(cx, q["max"], D.CoreValueIter(flat), ts)
    except D.Trap:
        out["trap"] = True
        return out
    out["values"] = [plain(v, t) for v, t in zip(vs, ts)]
    out["held"] = [[h.rep, h.own] if h else None for h in src.handles.array[1:]]
    out["moved"] = lower(q, ts, vs, core)
    out["lowered"] = lower(q, ts, [as_utf8(v, t) for v, t in zip(vs, ts)], core)
    return out


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.setrecursionlimit(10_000)
    while head := stdin.read(4):
        q = json.loads(stdin.read(struct.unpack("<I", head)[0]))
        out = json.dumps(answer(q), separators=(",", ":")).encode()
        stdout.write(struct.pack("<I", len(out)) + out)
        stdout.flush()


main()
