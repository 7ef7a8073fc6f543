"""Says of components whether wasmtime takes them.

A question is a component. The answer is empty if it is valid, and wasmtime's
message otherwise. The first answer, to an empty question, is the version and the
features that are enabled.
"""

import ctypes
import importlib.metadata
import resource
import struct
import sys

import wasmtime
import wasmtime.component
from wasmtime import _ffi as ffi

# The features that the C API can enable.
BY_API = [
    "component_model",
    "component_model_async",
    "component_model_async_stackful",
    "component_model_more_async_builtins",
    "component_model_map",
    "component_model_implements",
    "tail_call",
]
# Those off by request: the engine under test does not have them.
OFF = ["threads", "memory64", "multi_memory", "exceptions", "gc", "function_references", "relaxed_simd", "wide_arithmetic",
       "custom_page_sizes", "stack_switching", "compact_imports"]

# Three features of the validator have no function in the C API. Their bits stand
# among the bits of those that have one, in the order of wasmparser's list of
# features; where that word lies is found by watching a known one change. Each is
# tried out below: if the guess were wrong, nothing would be asked at all.
HIDDEN = {
    # feature: distance in bits from component_model_async, a component that needs it
    "threading": (3, b"\x08\x02\x01\x26"),
    "error_context": (4, b"\x07\x02\x01\x64"),
    "fixed_length_lists": (5, b"\x07\x04\x01\x67\x7d\x04"),
}
PREAMBLE = b"\x00asm\x0d\x00\x01\x00"
WINDOW = 700  # bytes of the configuration in which the word is looked for


def config():
    c = wasmtime.Config()
    ptr = ctypes.cast(c.ptr(), ctypes.c_void_p).value

    def put(name, value):
        f = getattr(ffi.dll, f"wasmtime_config_wasm_{name}_set", None)
        if f is None:
            return
        f.argtypes, f.restype = [ctypes.c_void_p, ctypes.c_bool], None
        f(ptr, value)

    for name in BY_API:
        if name != "component_model_async":
            put(name, True)
    for name in OFF:
        put(name, False)
    put("component_model_async", False)
    before = ctypes.string_at(ptr, WINDOW)
    put("component_model_async", True)
    after = ctypes.string_at(ptr, WINDOW)
    # The bit that appeared is "enabled"; one that went is "disabled".
    at = [(i, (a & ~b)) for i, (b, a) in enumerate(zip(before, after)) if a & ~b]
    if len(at) != 1:
        sys.exit("the features of wasmtime's configuration are not where they were")
    byte, mask = at[0]
    bit = 8 * byte + mask.bit_length() - 1
    for distance, _ in HIDDEN.values():
        b = bit + distance
        cell = (ctypes.c_uint8 * 1).from_address(ptr + b // 8)
        cell[0] |= 1 << (b % 8)
    c.cranelift_opt_level = "none"
    c.parallel_compilation = False
    return c


def judge(engine, wasm):
    try:
        wasmtime.component.Component(engine, wasm)
        return ""
    except wasmtime.WasmtimeError as e:
        return str(e)


def main():
    # A hostile component may make it take all memory there is.
    limit = 6 << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    engine = wasmtime.Engine(config())
    for name, (_, body) in HIDDEN.items():
        if message := judge(engine, PREAMBLE + body):
            sys.exit(f"{name} could not be enabled: {message}")
    version = importlib.metadata.version("wasmtime")
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while head := stdin.read(4):
        (n,) = struct.unpack("<I", head)
        wasm = stdin.read(n)
        if n == 0:
            answer = f"wasmtime {version}, with {', '.join(BY_API + list(HIDDEN))}; without {', '.join(OFF)}"
        else:
            answer = judge(engine, bytes(wasm))
        out = answer.encode("utf-8", "replace")
        stdout.write(struct.pack("<I", len(out)) + out)
        stdout.flush()


main()
