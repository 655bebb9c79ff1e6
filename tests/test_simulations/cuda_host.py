"""The CUDA source on a processor: g++ compiles it behind a shim, and a double of CuPy runs it.

The double has what `simulations.kernels.cuda_device` uses of CuPy and nothing else, so the whole
path is run without a device: tables, grids, launches and copies. CuPy passes arguments unchecked;
the double compares each with the type that the kernel declares.
"""

import ctypes
import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulations.kernels import cuda_device

STRICT = ("-O2", "-ffp-contract=off")
FUSED = ("-O2", "-ffp-contract=fast", "-march=native")

# What CUDA has built in, for one thread after the other.
SHIM = r"""
#include <math.h>
#include <string.h>
#include <string>
#include <type_traits>
#include <utility>
#define __global__
#define __device__
#define __forceinline__ inline
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct alignas(16) int4 { int x, y, z, w; };
struct uint3 { unsigned x, y, z; };
static thread_local uint3 blockIdx, blockDim, threadIdx;
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
    return {x, y, z, w};
}
template <typename To, typename From> static inline To same_bits(From value) {
    static_assert(sizeof(To) == sizeof(From), "");
    To result;
    memcpy(&result, &value, sizeof result);
    return result;
}
static inline long long __double_as_longlong(double x) { return same_bits<long long>(x); }
static inline double __longlong_as_double(long long x) { return same_bits<double>(x); }
static inline unsigned __float_as_uint(float x) { return same_bits<unsigned>(x); }
static inline float __uint_as_float(unsigned x) { return same_bits<float>(x); }
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline void atomicAdd(unsigned long long* sum, unsigned long long part) { *sum += part; }
"""

# Launches with an array of pointers to the arguments, and the types of these in NumPy's letters.
LAUNCHER = r"""
template <typename T> std::string letters() {
    if constexpr (std::is_pointer_v<T>) {
        using Entry = std::remove_cv_t<std::remove_pointer_t<T>>;
        if constexpr (std::is_same_v<Entry, uint4>) return "*u4";
        else if constexpr (std::is_same_v<Entry, int4>) return "*i4";
        else return "*" + letters<Entry>();
    } else {
        const char* kind = std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u";
        return kind + std::to_string(sizeof(T));
    }
}
template <typename... A> std::string signature(void (*)(A...)) {
    std::string all;
    ((all += letters<A>() + " "), ...);
    return all;
}
template <typename... A, std::size_t... I>
void call(void (*kernel)(A...), void** given, std::index_sequence<I...>) {
    kernel(*(A*)given[I]...);
}
template <typename... A> void launch(void (*kernel)(A...), const unsigned* sizes, void** given) {
    blockDim = {sizes[2], 1, 1};
    for (unsigned y = 0; y < sizes[1]; ++y)
        for (unsigned x = 0; x < sizes[0]; ++x)
            for (unsigned t = 0; t < sizes[2]; ++t) {
                blockIdx = {x, y, 0};
                threadIdx = {t, 0, 0};
                call(kernel, given, std::index_sequence_for<A...>{});
            }
}
extern "C" int fuses() {
#ifdef __FP_FAST_FMA
    return 1;
#else
    return 0;
#endif
}
"""

ENTRY = """
extern "C" void launch_{0}(const unsigned* s, void** a) {{ launch({0}, s, a); }}
extern "C" const char* signature_{0}() {{
    static const std::string s = signature({0});
    return s.c_str();
}}
"""


def kernel_names(code: str) -> list[str]:
    return re.findall(r'extern "C" __global__ void (\w+)\(', code)


@functools.lru_cache(maxsize=32)
def build(code: str, flags: tuple[str, ...]) -> ctypes.CDLL:
    """The source as a shared library of the host; skips without g++."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed")
    whole = SHIM + code + LAUNCHER + "".join(map(ENTRY.format, kernel_names(code)))
    with tempfile.TemporaryDirectory() as folder:
        cpp, library = Path(folder, "kernels.cpp"), Path(folder, "kernels.so")
        cpp.write_text(whole, encoding="ascii")
        options = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", *flags]
        command = [compiler, *options, str(cpp), "-o", str(library)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return ctypes.CDLL(str(library))


class HostArray:
    """What the kernels and `cuda_device` need of a cupy.ndarray."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    @property
    def size(self) -> int:
        return self.values.size

    def get(self, out: np.ndarray | None = None) -> np.ndarray:
        if out is None:
            return self.values.copy()
        assert out.flags.c_contiguous and out.dtype == self.values.dtype
        assert out.shape == self.values.shape
        out[...] = self.values
        return out


class HostKernel:
    """What a cupy.RawKernel does, one thread after the other, on arguments of the right types."""

    def __init__(self, library: ctypes.CDLL, name: str) -> None:
        self._launch = getattr(library, f"launch_{name}")
        spell = getattr(library, f"signature_{name}")
        spell.restype = ctypes.c_char_p
        self.signature = spell().decode().split()

    def __call__(self, grid: tuple[int, int], block: tuple[int], arguments: tuple) -> None:
        assert 1 <= grid[0] < 2**31 and 1 <= grid[1] < 2**16 and 1 <= block[0] <= 1024
        assert len(arguments) == len(self.signature)
        pointers: list[Any] = []
        for given, declared in zip(arguments, self.signature, strict=True):
            if isinstance(given, HostArray):
                values = given.values
                assert "*" + values.dtype.str[1:] == declared
                assert values.flags.c_contiguous and values.ctypes.data % 16 == 0
                pointers.append(ctypes.c_void_p(values.ctypes.data))
            else:
                assert isinstance(given, np.generic) and given.dtype.str[1:] == declared
                pointers.append(ctypes.create_string_buffer(given.tobytes()))
        places = (ctypes.c_void_p * len(pointers))(*map(ctypes.addressof, pointers))
        self._launch((ctypes.c_uint * 3)(*grid, *block), places)


class HostCupy:
    """A double of CuPy whose device is the processor.

    `change` rewrites the source before it is compiled: so mutants are made.
    """

    def __init__(
        self, change: Callable[[str], str] = lambda code: code, flags: tuple[str, ...] = STRICT
    ) -> None:
        self.change, self.flags = change, flags
        self.launches: list[tuple[str, tuple[int, int]]] = []
        runtime = SimpleNamespace(
            CUDARuntimeError=RuntimeError,
            getDeviceCount=lambda: 1,
            getDevice=lambda: 0,
            getDeviceProperties=lambda _: {"name": b"the processor"},
        )
        self.cuda = SimpleNamespace(runtime=runtime)

    @staticmethod
    def empty(shape: Any, dtype: Any) -> HostArray:
        values = np.empty(shape, dtype)
        values.view(np.uint8).reshape(-1)[...] = 0xA5  # nothing may count on what lies there
        return HostArray(values)

    @staticmethod
    def zeros(shape: Any, dtype: Any) -> HostArray:
        return HostArray(np.zeros(shape, dtype))

    @staticmethod
    def asarray(values: np.ndarray) -> HostArray:
        return HostArray(np.array(values, order="C"))

    def RawModule(self, *, code: str, options: tuple[str, ...]) -> SimpleNamespace:  # noqa: N802
        flags = self.flags if "--fmad=false" in options else FUSED
        library = build(self.change(code), flags)

        def get_function(name: str) -> Callable[..., None]:
            kernel = HostKernel(library, name)

            def run(grid: tuple[int, int], block: tuple[int], arguments: tuple) -> None:
                self.launches.append((name, grid))
                kernel(grid, block, arguments)

            return run

        return SimpleNamespace(get_function=get_function)


CACHES = (
    cuda_device._cupy,
    cuda_device._module,
    cuda_device._kernel,
    cuda_device._on_device,
)


@contextmanager
def on_host(double: HostCupy) -> Iterator[HostCupy]:
    """`cuda_device` on the double instead of CuPy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda_device, "package_of", lambda backend: {"cuda": double}[backend])
        for cache in CACHES:
            cache.cache_clear()
        try:
            yield double
        finally:
            for cache in CACHES:
                cache.cache_clear()
